#include "lib/http/request.h"

#include "lib/base/base64.h"
#include "lib/base/escape.h"
#include "lib/http/head.h"

static bool method_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
}

static bool parse_version(struct bytes text, enum http_version *out)
{
	static const struct {
		const char *text;
		enum http_version version;
	} rows[] = {{"HTTP/1.1", HTTP_1_1}, {"HTTP/1.0", HTTP_1_0}, {"ICE/1.0", HTTP_ICE_1_0}};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (bytes_is(text, rows[i].text)) {
			*out = rows[i].version;
			return true;
		}
	return false;
}

static bool target_fine(struct bytes target)
{
	for (size_t i = 0; i < target.len; i++)
		if ((unsigned char)target.ptr[i] <= 0x20 || target.ptr[i] == 0x7F)
			return false;
	return target.len > 0 && (target.ptr[0] == '/' || bytes_is(target, "*"));
}

static enum http_parse parse_first_line(struct http_request *r, struct bytes line)
{
	struct bytes rest = line, version;
	if (!bytes_split(&rest, ' ', &r->method) || r->method.len == 0 || r->method.len > 32 || !rest.ptr)
		return HTTP_BAD;
	for (size_t i = 0; i < r->method.len; i++)
		if (!method_char(r->method.ptr[i]))
			return HTTP_BAD;
	if (!bytes_split(&rest, ' ', &r->target) || !rest.ptr)
		return HTTP_BAD;
	version = rest;
	if (r->target.len > HTTP_TARGET_MAX)
		return HTTP_TARGET_TOO_LONG;
	/* an absolute target (RFC 9112 section 3.2.2): only its path counts here */
	if (bytes_starts_i(r->target, "http://")) {
		struct bytes after = bytes_sub(r->target, 7, SIZE_MAX);
		ptrdiff_t slash = bytes_find(after, '/');
		r->target = slash >= 0 ? bytes_sub(after, (size_t)slash, SIZE_MAX) : BYTES_LITERAL("/");
	}
	if (!target_fine(r->target) || !parse_version(version, &r->version))
		return HTTP_BAD;
	ptrdiff_t mark = bytes_find(r->target, '?');
	r->path = mark < 0 ? r->target : bytes_sub(r->target, 0, (size_t)mark);
	r->query = mark < 0 ? (struct bytes){"", 0} : bytes_sub(r->target, (size_t)mark + 1, SIZE_MAX);
	return HTTP_PARSED;
}

enum http_parse http_request_parse(struct http_request *r, struct bytes in)
{
	struct bytes line, rest = in;
	*r = (struct http_request){0};
	while (rest.len && (rest.ptr[0] == '\r' || rest.ptr[0] == '\n'))
		rest = bytes_sub(rest, 1, SIZE_MAX); /* empty lines before a request are allowed (RFC 9112 section 2.2) */
	enum http_parse p = http_head_line(&rest, &line, in.len);
	if (p != HTTP_PARSED)
		return p == HTTP_INCOMPLETE && in.len > HTTP_TARGET_MAX + 64 ? HTTP_TARGET_TOO_LONG : p;
	p = parse_first_line(r, line);
	if (p == HTTP_PARSED)
		p = http_head_fields(&rest, r->fields, &r->n_fields, in.len);
	r->head_len = in.len - rest.len;
	return p;
}

struct bytes http_field(const struct http_request *r, const char *name)
{
	return http_head_find(r->fields, r->n_fields, name);
}

bool http_field_has(const struct http_request *r, const char *name, const char *token)
{
	for (size_t i = 0; i < r->n_fields; i++) {
		struct bytes rest = r->fields[i].value, part;
		if (!bytes_is_i(r->fields[i].name, name))
			continue;
		while (bytes_split(&rest, ',', &part))
			if (bytes_is_i(bytes_trim(part), token))
				return true;
	}
	return false;
}

bool http_keep_alive(const struct http_request *r)
{
	if (r->version == HTTP_1_1)
		return !http_field_has(r, "Connection", "close");
	return r->version == HTTP_1_0 && http_field_has(r, "Connection", "keep-alive");
}

bool http_content_length(const struct http_request *r, bool *present, uint64_t *len)
{
	*present = false;
	*len = 0;
	for (size_t i = 0; i < r->n_fields; i++) {
		uint64_t v;
		if (!bytes_is_i(r->fields[i].name, "Content-Length"))
			continue;
		if (!bytes_to_u64(r->fields[i].value, INT64_MAX, &v) || (*present && v != *len))
			return false;
		*present = true;
		*len = v;
	}
	return true;
}

bool http_is_chunked(const struct http_request *r)
{
	struct bytes last = BYTES_NONE, rest, part;
	for (size_t i = 0; i < r->n_fields; i++)
		if (bytes_is_i(r->fields[i].name, "Transfer-Encoding"))
			for (rest = r->fields[i].value; bytes_split(&rest, ',', &part);)
				last = bytes_trim(part);
	return bytes_is_i(last, "chunked");
}

static bool plain_path(struct bytes path)
{
	struct bytes rest = path, part;
	for (size_t i = 0; i < path.len; i++)
		if ((unsigned char)path.ptr[i] < 0x20 || path.ptr[i] == 0x7F)
			return false;
	while (bytes_split(&rest, '/', &part))
		if (bytes_is(part, ".") || bytes_is(part, ".."))
			return false;
	return path.len > 0 && path.ptr[0] == '/';
}

bool http_path_decode(struct buf *out, struct bytes path)
{
	size_t before = out->len;
	if (!unescape_url(out, path, false) || buf_failed(out))
		return false;
	return plain_path(bytes_sub(buf_bytes(out), before, SIZE_MAX));
}

bool http_query(struct buf *out, struct bytes query, const char *name)
{
	struct bytes rest = query, part;
	while (bytes_split(&rest, '&', &part)) {
		ptrdiff_t eq = bytes_find(part, '=');
		struct bytes key = eq < 0 ? part : bytes_sub(part, 0, (size_t)eq);
		if (bytes_is(key, name))
			return unescape_url(out, eq < 0 ? (struct bytes){"", 0} : bytes_sub(part, (size_t)eq + 1, SIZE_MAX), true);
	}
	return false;
}

static void take_basic(struct http_credentials *out, struct bytes text)
{
	CLEANUP(buf_fini) struct buf plain;
	buf_init(&plain, 512);
	out->kind = HTTP_CREDENTIALS_MALFORMED;
	if (!base64_decode(&plain, text))
		return;
	struct bytes all = buf_bytes(&plain);
	ptrdiff_t colon = bytes_find(all, ':');
	if (colon < 0 || memchr(all.ptr, 0, all.len))
		return;
	if (bytes_copy(bytes_sub(all, 0, (size_t)colon), out->user, sizeof(out->user)) &&
		bytes_copy(bytes_sub(all, (size_t)colon + 1, SIZE_MAX), out->password, sizeof(out->password)))
		out->kind = HTTP_CREDENTIALS_BASIC;
}

void http_credentials(const struct http_request *r, struct http_credentials *out)
{
	*out = (struct http_credentials){.kind = HTTP_CREDENTIALS_NONE};
	struct bytes text = http_field(r, "Authorization");
	if (!text.ptr)
		return;
	out->kind = HTTP_CREDENTIALS_MALFORMED;
	if (bytes_starts_i(text, "Basic "))
		take_basic(out, bytes_trim(bytes_sub(text, 6, SIZE_MAX)));
	else if (bytes_starts_i(text, "Bearer ") && bytes_copy(bytes_trim(bytes_sub(text, 7, SIZE_MAX)), out->password, sizeof(out->password)))
		out->kind = HTTP_CREDENTIALS_BEARER;
}
