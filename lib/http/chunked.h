/*
 * The chunked transfer coding (RFC 9112 section 7.1), decoded as it comes.
 * The state is plain data of fixed size: it may lie in shared memory and be
 * taken up by another process between two calls.
 */
#pragma once

#include <stdint.h>

#include "lib/base/bytes.h"

struct chunked {
	uint32_t state;
	uint32_t line_len; /* of the size line or trailer so far */
	uint64_t left;     /* bytes of the present chunk still to come */
};

enum chunked_result {
	CHUNKED_DATA, /* *data is set (borrowed from in); call again with the rest */
	CHUNKED_MORE, /* everything was consumed: wait for more */
	CHUNKED_END,  /* the last chunk and its trailers are through */
	CHUNKED_BAD,
};

void chunked_init(struct chunked *c);

/* Consumes from *in (advances it). */
enum chunked_result chunked_decode(struct chunked *c, struct bytes *in, struct bytes *data);
