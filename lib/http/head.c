#include "lib/http/head.h"

enum http_parse http_head_line(struct bytes *rest, struct bytes *line, size_t total)
{
	ptrdiff_t end = bytes_find(*rest, '\n');
	if (end < 0)
		return total >= HTTP_HEAD_MAX ? HTTP_TOO_LARGE : HTTP_INCOMPLETE;
	*line = bytes_sub(*rest, 0, (size_t)end);
	if (line->len && line->ptr[line->len - 1] == '\r')
		line->len--;
	*rest = bytes_sub(*rest, (size_t)end + 1, SIZE_MAX);
	return HTTP_PARSED;
}

static bool token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool parse_field(struct http_field *f, struct bytes line)
{
	ptrdiff_t colon = bytes_find(line, ':');
	if (colon <= 0)
		return false;
	f->name = bytes_sub(line, 0, (size_t)colon);
	f->value = bytes_trim(bytes_sub(line, (size_t)colon + 1, SIZE_MAX));
	for (size_t i = 0; i < f->name.len; i++)
		if (!token_char(f->name.ptr[i]))
			return false;
	for (size_t i = 0; i < f->value.len; i++) {
		unsigned char c = (unsigned char)f->value.ptr[i];
		if ((c < 0x20 && c != '\t') || c == 0x7F)
			return false;
	}
	return true;
}

enum http_parse http_head_fields(struct bytes *rest, struct http_field fields[HTTP_FIELDS_MAX], size_t *n, size_t total)
{
	struct bytes line;
	*n = 0;
	for (;;) {
		enum http_parse p = http_head_line(rest, &line, total);
		if (p != HTTP_PARSED)
			return p;
		if (total - rest->len > HTTP_HEAD_MAX)
			return HTTP_TOO_LARGE;
		if (line.len == 0)
			return HTTP_PARSED;
		if (*n == HTTP_FIELDS_MAX)
			return HTTP_TOO_LARGE;
		if (!parse_field(&fields[*n], line))
			return HTTP_BAD;
		(*n)++;
	}
}

struct bytes http_head_find(const struct http_field *fields, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (bytes_is_i(fields[i].name, name))
			return fields[i].value;
	return BYTES_NONE;
}
