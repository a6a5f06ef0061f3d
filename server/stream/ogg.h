/*
 * Ogg pages in a byte stream (RFC 3533): page bounds with their CRC checked,
 * logical streams, header pages, links of a chain, and what Vorbis, Opus and FLAC
 * headers say. (A file named ogg.h would shadow libogg's <ogg/ogg.h> only with
 * quotes; include paths are rooted, so it does not.)
 *
 * Bytes in, facts out; nothing of the bytes is kept but titles and numbers. The state is
 * rebuilt after a takeover by ogg_next() over the saved header pages.
 * Limits (R-OGG-1): 16 logical streams, 32 header packets, 1 MiB of headers a link.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/bytes.h"

#define OGG_STREAMS_MAX 16
#define OGG_HEADERS_MAX (1u << 20)

enum ogg_result {
	OGG_MORE,    /* in holds no whole page yet; wait (consumed 0) */
	OGG_GARBAGE, /* consumed bytes are no page: skip them */
	OGG_PAGE,    /* a page of `consumed` bytes */
	OGG_REFUSED, /* a limit was passed; why is set: drop the source */
};

struct ogg_page_facts {
	size_t consumed;
	bool begins_link;    /* first BOS page after data: a new link of the chain begins here */
	bool is_header;      /* BOS or another page with header packets only */
	bool headers_end;    /* with this page every stream of the link has its headers */
	bool sync;           /* a listener may begin here, given the link's headers: a data page that begins with a fresh packet */
	uint32_t serial;
	int64_t granule;
	const char *why;     /* OGG_REFUSED and OGG_GARBAGE: static text */
};

struct ogg; /* heap; opaque */

struct ogg *ogg_new(void);
void ogg_free(struct ogg *o);

enum ogg_result ogg_next(struct ogg *o, struct bytes in, struct ogg_page_facts *out);

/* What the present link's headers said; empty or 0 where unknown. UTF-8. */
struct ogg_facts {
	char subtype[32]; /* "Vorbis", "Opus", "FLAC", "Speex", "Theora", joined with "/" where several */
	char title[512], artist[256];
	uint32_t samplerate, channels, kbps;
};

void ogg_facts(const struct ogg *o, struct ogg_facts *out);
