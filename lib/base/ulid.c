#include "lib/base/ulid.h"

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void ulid_format(uint64_t ms, const uint8_t random[10], char out[ULID_TEXT_LEN + 1])
{
	for (int i = 9; i >= 0; i--, ms >>= 5)
		out[i] = digits[ms & 31];
	for (int half = 0; half < 2; half++) {
		uint64_t v = 0;
		for (int i = 0; i < 5; i++)
			v = (v << 8) | random[half * 5 + i];
		for (int i = 7; i >= 0; i--, v >>= 5)
			out[10 + half * 8 + i] = digits[v & 31];
	}
	out[ULID_TEXT_LEN] = '\0';
}

static int value_of(char c)
{
	const char *at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

bool ulid_valid(struct bytes s)
{
	if (s.len != ULID_TEXT_LEN || s.ptr[0] > '7')
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (value_of(s.ptr[i]) < 0)
			return false;
	return true;
}

bool ulid_to_bytes(struct bytes s, uint8_t out[16])
{
	if (!ulid_valid(s))
		return false;
	/* 26 digits of 5 bits are 130 bits; the first two are zero */
	unsigned acc = 0, bits = 0, n = 0;
	for (size_t i = 0; i < s.len; i++) {
		acc = (acc << 5) | (unsigned)value_of(s.ptr[i]);
		bits += i == 0 ? 3 : 5;
		if (bits >= 8) {
			bits -= 8;
			out[n++] = (uint8_t)(acc >> bits);
			acc &= (1u << bits) - 1;
		}
	}
	return n == 16;
}
