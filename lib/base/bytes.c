#include "lib/base/bytes.h"

static char lower(char c)
{
	return (c >= 'A' && c <= 'Z') ? (char)(c + 32) : c;
}

struct bytes bytes_of(const char *s)
{
	return s ? (struct bytes){s, strlen(s)} : BYTES_NONE;
}

bool bytes_eq(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool bytes_is(struct bytes a, const char *s)
{
	return bytes_eq(a, bytes_of(s));
}

bool bytes_ieq(struct bytes a, struct bytes b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.ptr[i]) != lower(b.ptr[i]))
			return false;
	return true;
}

bool bytes_is_i(struct bytes a, const char *s)
{
	return bytes_ieq(a, bytes_of(s));
}

bool bytes_starts(struct bytes a, const char *prefix)
{
	struct bytes p = bytes_of(prefix);
	return bytes_eq(bytes_sub(a, 0, p.len), p);
}

bool bytes_starts_i(struct bytes a, const char *prefix)
{
	struct bytes p = bytes_of(prefix);
	return bytes_ieq(bytes_sub(a, 0, p.len), p);
}

bool bytes_ends(struct bytes a, const char *suffix)
{
	struct bytes s = bytes_of(suffix);
	return a.len >= s.len && bytes_eq(bytes_sub(a, a.len - s.len, s.len), s);
}

ptrdiff_t bytes_find(struct bytes a, char c)
{
	const char *p = a.len ? memchr(a.ptr, c, a.len) : NULL;
	return p ? p - a.ptr : -1;
}

ptrdiff_t bytes_search(struct bytes a, struct bytes needle)
{
	if (needle.len == 0)
		return 0;
	if (a.len < needle.len)
		return -1;
	const char *p = memmem(a.ptr, a.len, needle.ptr, needle.len);
	return p ? p - a.ptr : -1;
}

struct bytes bytes_sub(struct bytes a, size_t from, size_t len)
{
	if (from >= a.len)
		return (struct bytes){a.ptr ? a.ptr + a.len : NULL, 0};
	size_t left = a.len - from;
	return (struct bytes){a.ptr + from, len < left ? len : left};
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct bytes bytes_trim(struct bytes a)
{
	while (a.len && is_blank(a.ptr[0]))
		a = bytes_sub(a, 1, a.len);
	while (a.len && is_blank(a.ptr[a.len - 1]))
		a.len--;
	return a;
}

bool bytes_split(struct bytes *rest, char sep, struct bytes *part)
{
	if (!rest->ptr)
		return false;
	ptrdiff_t at = bytes_find(*rest, sep);
	if (at < 0) {
		*part = *rest;
		*rest = BYTES_NONE;
		return true;
	}
	*part = bytes_sub(*rest, 0, (size_t)at);
	*rest = (struct bytes){rest->ptr + at + 1, rest->len - (size_t)at - 1};
	return true;
}

bool bytes_to_u64(struct bytes a, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;
	if (a.len == 0 || a.len > 20)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		if (a.ptr[i] < '0' || a.ptr[i] > '9')
			return false;
		uint64_t digit = (uint64_t)(a.ptr[i] - '0');
		if (v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	if (v > max)
		return false;
	*out = v;
	return true;
}

bool bytes_copy(struct bytes a, char *out, size_t size)
{
	size_t n = a.len < size ? a.len : size - 1;
	if (n)
		memcpy(out, a.ptr, n);
	out[n] = '\0';
	return n == a.len;
}

bool bytes_eq_secret(struct bytes a, struct bytes b)
{
	unsigned char diff = a.len != b.len;
	for (size_t i = 0; i < a.len; i++)
		diff |= (unsigned char)(a.ptr[i] ^ (b.len ? b.ptr[i % b.len] : 0));
	return diff == 0;
}
