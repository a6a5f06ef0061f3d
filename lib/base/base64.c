#include "lib/base/base64.h"

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void encode(struct buf *out, struct bytes in, const char *alphabet, bool pad)
{
	for (size_t i = 0; i < in.len; i += 3) {
		size_t n = MIN_OF(in.len - i, (size_t)3);
		uint32_t v = 0;
		for (size_t k = 0; k < 3; k++)
			v = (v << 8) | (k < n ? (unsigned char)in.ptr[i + k] : 0u);
		for (size_t k = 0; k < 4; k++) {
			if (k <= n)
				buf_addc(out, alphabet[(v >> (18 - 6 * k)) & 63]);
			else if (pad)
				buf_addc(out, '=');
		}
	}
}

void base64_encode(struct buf *out, struct bytes in)
{
	encode(out, in, standard, true);
}

void base64url_encode(struct buf *out, struct bytes in)
{
	encode(out, in, url_safe, false);
}

static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

bool base64_decode(struct buf *out, struct bytes in)
{
	size_t pad = 0;
	while (pad < 2 && in.len && in.ptr[in.len - 1] == '=') {
		in.len--;
		pad++;
	}
	if (in.len % 4 == 1 || (pad && (in.len + pad) % 4 != 0))
		return false;
	uint32_t v = 0;
	for (size_t i = 0; i < in.len; i++) {
		int digit = value_of(in.ptr[i]);
		if (digit < 0)
			return false;
		v = (v << 6) | (uint32_t)digit;
		if (i % 4)
			buf_addc(out, (char)(v >> (6 - 2 * (i % 4))));
	}
	return !buf_failed(out);
}
