#include "server/stream/ogg.h"

#include <ogg/ogg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/macros.h"
#include "lib/base/utf8.h"

#define PAGE_HEAD 27u
#define HEADER_PACKETS_MAX 32u
#define COMMENT_MAX (256u * 1024u) /* of a comment header that is read for tags; the packet itself may be longer */

enum codec { CODEC_UNKNOWN, CODEC_VORBIS, CODEC_OPUS, CODEC_FLAC, CODEC_SPEEX, CODEC_THEORA, CODEC_SKELETON };

static const char *const codec_names[] = {"", "Vorbis", "Opus", "FLAC", "Speex", "Theora", ""};

struct logical {
	uint32_t serial;
	enum codec codec;
	uint32_t packets, headers; /* header packets seen, and how many there are */
	bool skipping;             /* a packet too long to keep is passing */
	uint8_t *packet;           /* the header packet that is being put together */
	size_t packet_len;
};

struct ogg {
	struct logical streams[OGG_STREAMS_MAX];
	unsigned n_streams;
	bool in_headers;    /* the link's headers are not complete */
	bool had_data;
	size_t header_bytes;
	struct ogg_facts facts;
};

struct ogg *ogg_new(void)
{
	struct ogg *o = calloc(1, sizeof(*o));
	if (o)
		o->had_data = true; /* the first BOS page begins a link */
	return o;
}

static void forget_streams(struct ogg *o)
{
	for (unsigned i = 0; i < o->n_streams; i++)
		free(o->streams[i].packet);
	memset(o->streams, 0, sizeof(o->streams));
	o->n_streams = 0;
}

void ogg_free(struct ogg *o)
{
	if (!o)
		return;
	forget_streams(o);
	free(o);
}

void ogg_facts(const struct ogg *o, struct ogg_facts *out)
{
	*out = o->facts;
}

/* ---- what headers say ---- */

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void add_subtype(struct ogg_facts *f, const char *name)
{
	size_t have = strlen(f->subtype);
	if (!*name || have + strlen(name) + 2 > sizeof(f->subtype))
		return;
	if (have)
		f->subtype[have++] = '/';
	bytes_copy(bytes_of(name), f->subtype + have, sizeof(f->subtype) - have);
}

static bool begins(const uint8_t *p, size_t len, const char *magic, size_t magic_len)
{
	return len >= magic_len && memcmp(p, magic, magic_len) == 0;
}

static void identify(struct ogg *o, struct logical *s, const uint8_t *p, size_t len)
{
	struct ogg_facts *f = &o->facts;
	s->headers = 1;
	if (begins(p, len, "\x01vorbis", 7) && len >= 30) {
		s->codec = CODEC_VORBIS;
		s->headers = 3;
		f->channels = p[11];
		f->samplerate = le32(p + 12);
		f->kbps = (int32_t)le32(p + 20) > 0 ? le32(p + 20) / 1000 : 0;
	} else if (begins(p, len, "OpusHead", 8) && len >= 19) {
		s->codec = CODEC_OPUS;
		s->headers = 2;
		f->channels = p[9];
		f->samplerate = 48000; /* what it decodes to (RFC 7845 section 5.1) */
	} else if (begins(p, len, "\x7F" "FLAC", 5) && len >= 51) {
		s->codec = CODEC_FLAC;
		/* the number of further header packets; 0: unknown, then at least the comment follows (Ogg mapping of FLAC) */
		uint32_t more = (uint32_t)p[7] << 8 | p[8];
		s->headers = 1 + (more ? more : 1);
		f->samplerate = (uint32_t)p[27] << 12 | (uint32_t)p[28] << 4 | p[29] >> 4;
		f->channels = (p[29] >> 1 & 7) + 1u;
	} else if (begins(p, len, "Speex   ", 8) && len >= 72) {
		s->codec = CODEC_SPEEX;
		s->headers = 2 + MIN_OF(le32(p + 68), (uint32_t)8);
		f->samplerate = le32(p + 36);
		f->channels = le32(p + 48);
	} else if (begins(p, len, "\x80theora", 7)) {
		s->codec = CODEC_THEORA;
		s->headers = 3;
	} else if (begins(p, len, "fishead", 7)) {
		s->codec = CODEC_SKELETON;
		s->headers = UINT32_MAX; /* all of it is headers; its end is not waited for */
	}
	add_subtype(f, codec_names[s->codec]);
}

static void take_tag(struct ogg_facts *f, struct bytes tag)
{
	ptrdiff_t eq = bytes_find(tag, '=');
	if (eq < 0)
		return;
	struct bytes key = bytes_sub(tag, 0, (size_t)eq), value = bytes_sub(tag, (size_t)eq + 1, SIZE_MAX);
	if (!utf8_valid(value))
		return;
	if (bytes_is_i(key, "TITLE"))
		bytes_copy(value, f->title, sizeof(f->title));
	else if (bytes_is_i(key, "ARTIST"))
		bytes_copy(value, f->artist, sizeof(f->artist));
}

/* A vorbis comment: vendor, then counted "KEY=value" (Vorbis I section 5.2.1). */
static void take_comment(struct ogg_facts *f, const uint8_t *p, size_t len)
{
	if (len < 8)
		return;
	uint32_t vendor = le32(p);
	if (vendor > len - 8)
		return;
	uint32_t count = le32(p + 4 + vendor);
	size_t at = 8 + (size_t)vendor;
	for (uint32_t i = 0; i < count && len - at >= 4; i++) {
		uint32_t n = le32(p + at);
		at += 4;
		if (n > len - at)
			return;
		take_tag(f, (struct bytes){(const char *)p + at, n});
		at += n;
	}
}

static void comment_of(struct ogg *o, const struct logical *s, const uint8_t *p, size_t len)
{
	size_t skip = s->codec == CODEC_VORBIS ? 7 : s->codec == CODEC_OPUS ? 8 : s->codec == CODEC_FLAC ? 4 : 0;
	if (skip && len > skip)
		take_comment(&o->facts, p + skip, len - skip);
}

static void whole_packet(struct ogg *o, struct logical *s)
{
	if (s->packets == 0)
		identify(o, s, s->packet, s->packet_len);
	else if (s->packets == 1 && !s->skipping)
		comment_of(o, s, s->packet, s->packet_len);
	s->packets++;
	s->packet_len = 0;
	s->skipping = false;
}

/* Adds a part of a header packet. False without memory. */
static bool add_part(struct logical *s, const uint8_t *p, size_t len)
{
	if (s->packet_len + len > COMMENT_MAX)
		s->skipping = true;
	if (s->skipping || len == 0)
		return true;
	uint8_t *grown = realloc(s->packet, s->packet_len + len);
	if (!grown)
		return false;
	s->packet = grown;
	memcpy(grown + s->packet_len, p, len);
	s->packet_len += len;
	return true;
}

/* ---- pages ---- */

static struct logical *find_stream(struct ogg *o, uint32_t serial)
{
	for (unsigned i = 0; i < o->n_streams; i++)
		if (o->streams[i].serial == serial)
			return &o->streams[i];
	return NULL;
}

static bool headers_complete(const struct ogg *o)
{
	for (unsigned i = 0; i < o->n_streams; i++)
		if (o->streams[i].codec != CODEC_SKELETON && o->streams[i].packets < o->streams[i].headers)
			return false;
	return o->n_streams > 0;
}

/* Walks a page's segments while the stream still has header packets to come. */
static bool read_headers(struct ogg *o, struct logical *s, const uint8_t *page)
{
	const uint8_t *lacing = page + PAGE_HEAD, *data = lacing + page[26];
	for (unsigned i = 0; i < page[26] && s->packets < s->headers; i++) {
		if (!add_part(s, data, lacing[i]))
			return false;
		data += lacing[i];
		if (lacing[i] < 255)
			whole_packet(o, s);
	}
	return true;
}

static enum ogg_result refuse(struct ogg_page_facts *out, const char *why)
{
	out->why = why;
	return OGG_REFUSED;
}

static enum ogg_result begin_stream(struct ogg *o, uint32_t serial, const uint8_t *page, struct ogg_page_facts *out)
{
	if (o->had_data) {
		out->begins_link = true;
		forget_streams(o);
		o->had_data = false;
		o->in_headers = true;
		o->header_bytes = 0;
		o->facts = (struct ogg_facts){0};
	}
	if (o->n_streams == OGG_STREAMS_MAX)
		return refuse(out, "more than 16 logical streams");
	struct logical *s = &o->streams[o->n_streams++];
	*s = (struct logical){.serial = serial, .headers = 1};
	return read_headers(o, s, page) ? OGG_PAGE : refuse(out, "no memory for its headers");
}

static enum ogg_result header_page(struct ogg *o, struct logical *s, const uint8_t *page, struct ogg_page_facts *out)
{
	out->is_header = true;
	o->header_bytes += out->consumed;
	if (o->header_bytes > OGG_HEADERS_MAX)
		return refuse(out, "more than 1 MiB of headers");
	if (s->packets > HEADER_PACKETS_MAX && s->codec != CODEC_SKELETON)
		return refuse(out, "more than 32 header packets");
	if (!read_headers(o, s, page))
		return refuse(out, "no memory for its headers");
	return OGG_PAGE;
}

static enum ogg_result classify(struct ogg *o, const uint8_t *page, struct ogg_page_facts *out)
{
	uint32_t serial = le32(page + 14);
	bool begins_stream = page[5] & 2, continued = page[5] & 1;
	enum ogg_result r = OGG_PAGE;
	struct logical *s = find_stream(o, serial);
	out->serial = serial;
	out->granule = (int64_t)((uint64_t)le32(page + 6) | (uint64_t)le32(page + 10) << 32);
	if (begins_stream) {
		r = begin_stream(o, serial, page, out);
		out->is_header = true;
		o->header_bytes += out->consumed;
	} else if (s && o->in_headers && (s->packets < s->headers || s->codec == CODEC_SKELETON)) {
		r = header_page(o, s, page, out);
	} else if (s) {
		o->had_data = true;
		out->sync = !continued;
	}
	if (r == OGG_PAGE && o->in_headers && headers_complete(o)) {
		/* more BOS pages may follow at once: the headers end when a page that is none of them comes or all are complete */
		out->headers_end = !begins_stream;
		if (out->headers_end) {
			o->in_headers = false;
			o->had_data = true; /* another BOS page is a new link's from here on */
		}
	}
	return r;
}

/* Where the next page may begin: how many bytes before it are none. */
static size_t garbage_len(struct bytes in, size_t from)
{
	ptrdiff_t at = bytes_search(bytes_sub(in, from, SIZE_MAX), BYTES_LITERAL("OggS"));
	if (at >= 0)
		return from + (size_t)at;
	/* the last three bytes may be the beginning of a capture pattern */
	return in.len > from + 3 ? in.len - 3 : in.len > 3 ? from : 0;
}

static bool crc_right(const uint8_t *page, size_t head_len, size_t body_len)
{
	uint8_t head[PAGE_HEAD + 255];
	ogg_page p = {.header = head, .header_len = (long)head_len, .body = (unsigned char *)page + head_len, .body_len = (long)body_len};
	memcpy(head, page, head_len);
	ogg_page_checksum_set(&p);
	return memcmp(head + 22, page + 22, 4) == 0;
}

static enum ogg_result skip(struct ogg_page_facts *out, size_t len, const char *why)
{
	out->consumed = len;
	out->why = why;
	return len ? OGG_GARBAGE : OGG_MORE;
}

enum ogg_result ogg_next(struct ogg *o, struct bytes in, struct ogg_page_facts *out)
{
	const uint8_t *p = (const uint8_t *)in.ptr;
	*out = (struct ogg_page_facts){0};
	if (in.len < 4)
		return OGG_MORE;
	if (memcmp(p, "OggS", 4) != 0)
		return skip(out, garbage_len(in, 0), "it does not begin with OggS");
	if (in.len < PAGE_HEAD || in.len < PAGE_HEAD + (size_t)p[26])
		return OGG_MORE;
	size_t head_len = PAGE_HEAD + (size_t)p[26], body_len = 0;
	for (size_t i = PAGE_HEAD; i < head_len; i++)
		body_len += p[i];
	if (p[4] != 0)
		return skip(out, garbage_len(in, 4), "its version is unknown");
	if (in.len < head_len + body_len)
		return OGG_MORE;
	if (!crc_right(p, head_len, body_len))
		return skip(out, garbage_len(in, 4), "its checksum is wrong");
	out->consumed = head_len + body_len;
	return classify(o, p, out);
}
