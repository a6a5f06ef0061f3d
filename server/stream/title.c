#include "server/stream/title.h"

#include "lib/base/utf8.h"

static bool is_utf8(const char *charset)
{
	return bytes_is_i(bytes_of(charset), "UTF-8") || bytes_is_i(bytes_of(charset), "UTF8");
}

/* One character's bytes in the charset; control characters become spaces. */
static void add_character(struct buf *out, struct bytes ch, uint32_t code, bool utf8)
{
	if (code < 0x20 || code == 0x7F)
		buf_addc(out, ' ');
	else if (utf8)
		buf_add_bytes(out, ch);
	else
		buf_addc(out, code <= 0xFF ? (char)code : '?');
}

void title_block(struct buf *out, struct bytes title, const char *charset)
{
	static const char opening[] = "StreamTitle='", closing[] = "';";
	size_t most = 255 * 16 - (sizeof(opening) - 1) - (sizeof(closing) - 1);
	CLEANUP(buf_fini) struct buf text;
	buf_init(&text, TITLE_BLOCK_MAX);
	while (title.len) {
		uint32_t code = '?';
		size_t n = utf8_next(title, &code);
		struct bytes ch = n ? bytes_sub(title, 0, n) : BYTES_LITERAL("?");
		if (text.len + ch.len > most)
			break;
		add_character(&text, ch, code, is_utf8(charset));
		title = bytes_sub(title, n ? n : 1, title.len);
	}
	size_t len = sizeof(opening) - 1 + text.len + sizeof(closing) - 1, units = (len + 15) / 16;
	buf_addc(out, (char)units);
	buf_adds(out, opening);
	buf_add_bytes(out, buf_bytes(&text));
	buf_adds(out, closing);
	for (; len < units * 16; len++)
		buf_addc(out, '\0');
}
