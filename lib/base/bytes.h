/*
 * A borrowed range of bytes. Bytes from outside travel as (ptr, len), never as
 * NUL-terminated strings (R-MEM-2). Nothing here allocates.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const char *ptr;
	size_t len;
};

#define BYTES_LITERAL(s) ((struct bytes){(s), sizeof(s) - 1})
#define BYTES_NONE ((struct bytes){NULL, 0})
/* For printf: "%.*s", BYTES_ARG(b) */
#define BYTES_ARG(b) (int)(b).len, (b).ptr

struct bytes bytes_of(const char *s); /* s may be NULL: an empty range */
bool bytes_eq(struct bytes a, struct bytes b);
bool bytes_is(struct bytes a, const char *s);
bool bytes_ieq(struct bytes a, struct bytes b); /* ASCII case ignored */
bool bytes_is_i(struct bytes a, const char *s);
bool bytes_starts(struct bytes a, const char *prefix);
bool bytes_starts_i(struct bytes a, const char *prefix);
bool bytes_ends(struct bytes a, const char *suffix);

/* Index of the first c or needle, or -1. */
ptrdiff_t bytes_find(struct bytes a, char c);
ptrdiff_t bytes_search(struct bytes a, struct bytes needle);

/* The part [from, from+len), clamped to a. */
struct bytes bytes_sub(struct bytes a, size_t from, size_t len);

/* Without spaces and tabs (and CR, LF) at both ends. */
struct bytes bytes_trim(struct bytes a);

/* Takes the part before the first sep off *rest (and sep itself). False when *rest was empty (ptr NULL). */
bool bytes_split(struct bytes *rest, char sep, struct bytes *part);

/* Decimal digits only, no sign, no space. False on anything else or above max. */
bool bytes_to_u64(struct bytes a, uint64_t max, uint64_t *out);

/* Copies at most size-1 bytes and a NUL; returns false when it was cut. */
bool bytes_copy(struct bytes a, char *out, size_t size);

/* Compares without a timing that depends on the content; the lengths may show. */
bool bytes_eq_secret(struct bytes a, struct bytes b);
