#include "lib/http/chunked.h"

#include <stdbool.h>

#define LINE_MAX_BYTES 1024u /* of a size line with its extensions, or of the trailers */

/*
 *  SIZE --digits--> (ext) --LF--> DATA --left 0--> AFTER --LF--> SIZE
 *    \-- size 0 --LF--> TRAILER_START --LF--> END
 *                            \--other--> TRAILER --LF--> TRAILER_START
 */
enum { SIZE_START, SIZE, EXTENSION, SIZE_END, DATA, AFTER, TRAILER_START, TRAILER, END, BROKEN };

void chunked_init(struct chunked *c)
{
	*c = (struct chunked){.state = SIZE_START};
}

static int hex(char ch)
{
	return ch >= '0' && ch <= '9' ? ch - '0' : ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : ch >= 'A' && ch <= 'F' ? ch - 'A' + 10 : -1;
}

static uint32_t after_size(const struct chunked *c)
{
	return c->left ? DATA : TRAILER_START;
}

static uint32_t size_char(struct chunked *c, char ch)
{
	int digit = hex(ch);
	if (digit >= 0) {
		if (c->left >> 56)
			return BROKEN;
		c->left = c->left * 16 + (uint64_t)digit;
		return SIZE;
	}
	if (c->state == SIZE_START)
		return BROKEN;
	return ch == '\n' ? after_size(c) : ch == '\r' ? SIZE_END : ch == ';' || ch == ' ' || ch == '\t' ? EXTENSION : BROKEN;
}

/* One byte of what is not data. */
static uint32_t frame_char(struct chunked *c, char ch)
{
	if (++c->line_len > LINE_MAX_BYTES)
		return BROKEN;
	switch (c->state) {
	case SIZE_START:
	case SIZE:
		return size_char(c, ch);
	case EXTENSION:
		return ch == '\n' ? after_size(c) : EXTENSION;
	case SIZE_END:
		return ch == '\n' ? after_size(c) : BROKEN;
	case AFTER:
		return ch == '\n' ? SIZE_START : ch == '\r' ? AFTER : BROKEN;
	case TRAILER_START:
		return ch == '\n' ? END : ch == '\r' ? TRAILER_START : TRAILER;
	case TRAILER:
		return ch == '\n' ? TRAILER_START : TRAILER;
	default:
		return BROKEN;
	}
}

enum chunked_result chunked_decode(struct chunked *c, struct bytes *in, struct bytes *data)
{
	while (c->state != END && c->state != BROKEN) {
		if (in->len == 0)
			return CHUNKED_MORE;
		if (c->state == DATA) {
			*data = bytes_sub(*in, 0, c->left < in->len ? (size_t)c->left : in->len);
			*in = bytes_sub(*in, data->len, in->len);
			c->left -= data->len;
			if (c->left == 0) {
				c->state = AFTER;
				c->line_len = 0;
			}
			return CHUNKED_DATA;
		}
		uint32_t next = frame_char(c, in->ptr[0]);
		if (next == SIZE_START || next == DATA)
			c->line_len = 0;
		c->state = next;
		*in = bytes_sub(*in, 1, in->len);
	}
	return c->state == END ? CHUNKED_END : CHUNKED_BAD;
}
