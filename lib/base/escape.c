#include "lib/base/escape.h"

#include "lib/base/utf8.h"

#define REPLACEMENT "\xEF\xBF\xBD"

/* Takes one character off s: its bytes in *ch and its code, or U+FFFD for a byte that is none. */
static uint32_t take(struct bytes *s, struct bytes *ch)
{
	uint32_t code = 0xFFFD;
	size_t n = utf8_next(*s, &code);
	*ch = n ? bytes_sub(*s, 0, n) : BYTES_LITERAL(REPLACEMENT);
	*s = bytes_sub(*s, n ? n : 1, s->len);
	return code;
}

void escape_json(struct buf *out, struct bytes s)
{
	struct bytes ch;
	while (s.len) {
		uint32_t c = take(&s, &ch);
		if (c == '"' || c == '\\')
			buf_addf(out, "\\%c", (char)c);
		else if (c == '\n')
			buf_adds(out, "\\n");
		else if (c < 0x20 || c == 0x7F || c == '<' || c == 0x2028 || c == 0x2029)
			buf_addf(out, "\\u%04x", (unsigned)c);
		else
			buf_add_bytes(out, ch);
	}
}

void escape_json_string(struct buf *out, struct bytes s)
{
	buf_addc(out, '"');
	escape_json(out, s);
	buf_addc(out, '"');
}

void escape_xml(struct buf *out, struct bytes s)
{
	struct bytes ch;
	while (s.len) {
		uint32_t c = take(&s, &ch);
		if (c == '&')
			buf_adds(out, "&amp;");
		else if (c == '<')
			buf_adds(out, "&lt;");
		else if (c == '>')
			buf_adds(out, "&gt;");
		else if (c == '"')
			buf_adds(out, "&quot;");
		else if (c == '\'')
			buf_adds(out, "&#39;");
		else if (c >= 0x20 || c == '\t' || c == '\n') {
			if (c != 0x7F && c != 0xFFFE && c != 0xFFFF)
				buf_add_bytes(out, ch);
		}
	}
}

void escape_log(struct buf *out, struct bytes s)
{
	struct bytes ch;
	while (s.len) {
		uint32_t c = take(&s, &ch);
		if (c < 0x20 || c == '"' || c == '\\' || (c >= 0x7F && c < 0xA0))
			buf_addf(out, "\\x%02x", (unsigned)c);
		else
			buf_add_bytes(out, ch);
	}
}

void escape_prometheus(struct buf *out, struct bytes s)
{
	struct bytes ch;
	while (s.len) {
		uint32_t c = take(&s, &ch);
		if (c == '\\')
			buf_adds(out, "\\\\");
		else if (c == '"')
			buf_adds(out, "\\\"");
		else if (c == '\n')
			buf_adds(out, "\\n");
		else
			buf_add_bytes(out, ch);
	}
}

void escape_url(struct buf *out, struct bytes s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._~", c ? c : '%') != NULL;
		if (plain && c != '%')
			buf_addc(out, (char)c);
		else
			buf_addf(out, "%%%02X", c);
	}
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool unescape_url(struct buf *out, struct bytes s, bool form)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		if (c == '+' && form) {
			c = ' ';
		} else if (c == '%') {
			if (s.len - i < 3 || hex(s.ptr[i + 1]) < 0 || hex(s.ptr[i + 2]) < 0)
				return false;
			c = (char)(hex(s.ptr[i + 1]) * 16 + hex(s.ptr[i + 2]));
			i += 2;
		}
		if (c == '\0')
			return false;
		buf_addc(out, c);
	}
	return !buf_failed(out);
}

void latin1_to_utf8(struct buf *out, struct bytes s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		if (c < 0x80) {
			buf_addc(out, (char)c);
		} else {
			buf_addc(out, (char)(0xC0 | (c >> 6)));
			buf_addc(out, (char)(0x80 | (c & 0x3F)));
		}
	}
}
