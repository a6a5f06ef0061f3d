/*
 * Frames of MPEG audio (layers I to III, ISO 11172-3 / 13818-3) and ADTS AAC
 * (ISO 13818-7) in a byte stream: where they begin and what they say.
 *
 * Bytes in, offsets out. The state is small plain data that can be rebuilt by
 * scanning again from any frame's start. ID3 tags and garbage between frames
 * are passed over (a sync is confirmed by the header of the frame that follows it).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/bytes.h"

enum mpeg_codec { MPEG_NONE, MPEG_LAYER_1, MPEG_LAYER_2, MPEG_LAYER_3, MPEG_AAC };

struct mpeg {
	bool locked;          /* the last frame ended where the next one begins */
	enum mpeg_codec codec;
	uint32_t samplerate, channels;
	uint32_t kbps;        /* of the last frame, or an average over the last 64 for AAC and VBR */
	uint64_t frames, frame_bytes; /* counted since lock */
	uint32_t samples_per_frame;
};

void mpeg_init(struct mpeg *m);

/*
 * Looks at in, whose first byte lies at stream offset `at`, from its beginning. Calls on_frame with the offset of each frame
 * that begins in it and is confirmed. Returns how many bytes are done with: call again from at + that, with more behind.
 */
size_t mpeg_scan(struct mpeg *m, uint64_t at, struct bytes in, void (*on_frame)(void *arg, uint64_t offset), void *arg);
