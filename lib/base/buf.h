/*
 * A growing byte buffer with a stated maximum and a sticky overflow flag: the
 * one string builder of the tree (R-MEM-1). Callers append as they like and
 * look at buf_failed() once, at the end.
 *
 * It owns its memory. The content is always followed by a NUL, so that
 * buf_text() can be handed to C interfaces.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/base/bytes.h"
#include "lib/base/macros.h"

struct buf {
	char *data;
	size_t len;  /* bytes in use */
	size_t room; /* bytes allocated */
	size_t max;  /* most bytes it may hold */
	bool failed; /* something did not fit or could not be allocated */
};

void buf_init(struct buf *b, size_t max_bytes);
void buf_fini(struct buf *b);
void buf_clear(struct buf *b); /* empties it, keeps the memory, clears failed */

void buf_add(struct buf *b, const void *data, size_t len);
void buf_add_bytes(struct buf *b, struct bytes s);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
void buf_vaddf(struct buf *b, const char *fmt, va_list ap);

/* Room for len more bytes at the returned place, or NULL; buf_grew() says how many were written. */
char *buf_reserve(struct buf *b, size_t len);
void buf_grew(struct buf *b, size_t len);

void buf_drop_front(struct buf *b, size_t len); /* forgets the first len bytes */

static inline bool buf_failed(const struct buf *b) { return b->failed; }
static inline struct bytes buf_bytes(const struct buf *b) { return (struct bytes){b->data, b->len}; }
const char *buf_text(const struct buf *b); /* NUL-terminated; never NULL; borrowed */
char *buf_take(struct buf *b);             /* the caller frees it; b is empty afterwards; NULL when failed */
