#include "server/stream/mpeg.h"

#include <stddef.h>

struct frame {
	enum mpeg_codec codec;
	uint32_t len, samplerate, channels, kbps, samples;
};

void mpeg_init(struct mpeg *m)
{
	*m = (struct mpeg){0};
}

/* ISO 11172-3 table of bit rates, kbit/s: MPEG 1 layers I to III, MPEG 2 and 2.5 layer I, layers II and III. */
static const uint16_t rates[5][15] = {
	{0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
	{0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
	{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
	{0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
	{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
};

static bool parse_audio(const uint8_t *p, struct frame *f)
{
	static const uint32_t base[4] = {44100, 48000, 32000, 0};
	unsigned version = p[1] >> 3 & 3, layer = 4 - (p[1] >> 1 & 3), rate = p[2] >> 4, hz = p[2] >> 2 & 3, pad = p[2] >> 1 & 1;
	if (version == 1 || layer == 4 || rate == 0 || rate == 15 || hz == 3)
		return false;
	bool one = version == 3;
	f->codec = (enum mpeg_codec)layer; /* MPEG_LAYER_1 is 1 */
	f->kbps = rates[one ? layer - 1 : layer == 1 ? 3 : 4][rate];
	f->samplerate = base[hz] >> (one ? 0 : version == 2 ? 1 : 2);
	f->channels = p[3] >> 6 == 3 ? 1 : 2;
	f->samples = layer == 1 ? 384 : layer == 2 || one ? 1152 : 576;
	f->len = layer == 1 ? (12 * f->kbps * 1000 / f->samplerate + pad) * 4 : f->samples / 8 * f->kbps * 1000 / f->samplerate + pad;
	return f->len > 4;
}

/* ADTS fixed and variable header (ISO 13818-7 section 6.2). */
static bool parse_adts(const uint8_t *p, struct frame *f)
{
	static const uint32_t hz[13] = {96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350};
	unsigned index = p[2] >> 2 & 15;
	if ((p[1] & 0xF6) != 0xF0 || index > 12)
		return false;
	f->codec = MPEG_AAC;
	f->samplerate = hz[index];
	f->channels = (unsigned)(p[2] & 1) << 2 | p[3] >> 6;
	f->len = (uint32_t)(p[3] & 3) << 11 | (uint32_t)p[4] << 3 | p[5] >> 5;
	f->samples = 1024;
	f->kbps = f->len * 8 * (f->samplerate / 1000) / 1024;
	return f->len > 7;
}

static bool parse_frame(const uint8_t *p, size_t len, struct frame *f)
{
	if (len < 6 || p[0] != 0xFF || (p[1] & 0xE0) != 0xE0)
		return false;
	return (p[1] & 0xF6) == 0xF0 ? parse_adts(p, f) : parse_audio(p, f);
}

/* Do both belong to one stream? Bit rate, padding and joint stereo may change from frame to frame. */
static bool alike(const struct frame *a, const struct frame *b)
{
	return a->codec == b->codec && a->samplerate == b->samplerate;
}

static void note(struct mpeg *m, const struct frame *f)
{
	m->codec = f->codec;
	m->samplerate = f->samplerate;
	m->channels = f->channels;
	m->samples_per_frame = f->samples;
	m->frames++;
	m->frame_bytes += f->len;
	uint64_t average = m->frame_bytes * 8 * f->samplerate / f->samples / m->frames / 1000;
	m->kbps = m->frames < 8 ? f->kbps : (uint32_t)average;
	if (m->frames == 1024) { /* an average over the recent past, not over a week */
		m->frames /= 2;
		m->frame_bytes /= 2;
	}
}

enum look { LOOK_FRAME, LOOK_NONE, LOOK_MORE };

/* Is there a frame at p, confirmed by the header behind it (or trusted, when the last frame ended here)? */
static enum look look(const struct mpeg *m, const uint8_t *p, size_t left, struct frame *f)
{
	struct frame next;
	if (left < 6)
		return LOOK_MORE;
	if (!parse_frame(p, left, f))
		return LOOK_NONE;
	if (left < (size_t)f->len + 6)
		return LOOK_MORE;
	if (parse_frame(p + f->len, left - f->len, &next) && alike(f, &next))
		return LOOK_FRAME;
	return m->locked && m->codec == f->codec && m->samplerate == f->samplerate ? LOOK_FRAME : LOOK_NONE;
}

size_t mpeg_scan(struct mpeg *m, uint64_t at, struct bytes in, void (*on_frame)(void *arg, uint64_t offset), void *arg)
{
	size_t i = 0;
	while (i < in.len) {
		struct frame f;
		enum look found = look(m, (const uint8_t *)in.ptr + i, in.len - i, &f);
		if (found == LOOK_MORE)
			break;
		if (found == LOOK_NONE) {
			m->locked = false;
			i++;
			continue;
		}
		m->locked = true;
		note(m, &f);
		on_frame(arg, at + i);
		i += f.len;
	}
	return i;
}
