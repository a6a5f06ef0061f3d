#include "lib/base/utf8.h"

size_t utf8_next(struct bytes s, uint32_t *code)
{
	static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
	if (s.len == 0)
		return 0;
	const unsigned char *p = (const unsigned char *)s.ptr;
	size_t n = p[0] < 0x80 ? 1 : (p[0] & 0xE0) == 0xC0 ? 2 : (p[0] & 0xF0) == 0xE0 ? 3 : (p[0] & 0xF8) == 0xF0 ? 4 : 0;
	if (n == 0 || n > s.len)
		return 0;
	uint32_t c = n == 1 ? p[0] : p[0] & (0x7Fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
		c = (c << 6) | (p[i] & 0x3F);
	}
	if (c < smallest[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		return 0;
	if (code)
		*code = c;
	return n;
}

bool utf8_valid(struct bytes s)
{
	while (s.len) {
		size_t n = utf8_next(s, NULL);
		if (n == 0)
			return false;
		s = bytes_sub(s, n, s.len);
	}
	return true;
}
