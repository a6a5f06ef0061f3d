#include "lib/http/response.h"

#include <stdarg.h>
#include <time.h>

#include "lib/http/head.h"

const char *http_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} rows[] = {
		{100, "Continue"}, {200, "OK"}, {202, "Accepted"}, {204, "No Content"}, {206, "Partial Content"}, {302, "Found"}, {304, "Not Modified"},
		{400, "Bad Request"}, {401, "Authentication Required"}, {403, "Forbidden"}, {404, "File Not Found"}, {405, "Method Not Allowed"},
		{408, "Request Timeout"}, {409, "Conflict"}, {411, "Length Required"}, {412, "Precondition Failed"}, {413, "Content Too Large"},
		{414, "URI Too Long"}, {415, "Unsupported Media Type"}, {416, "Range Not Satisfiable"}, {422, "Unprocessable Content"}, {423, "Locked"},
		{424, "Failed Dependency"}, {425, "Too Early"}, {426, "Upgrade Required"}, {428, "Precondition Required"}, {429, "Too Many Requests"},
		{431, "Request Header Fields Too Large"}, {500, "Internal Server Error"}, {501, "Not Implemented"}, {503, "Service Unavailable"},
		{504, "Gateway Timeout"}, {507, "Insufficient Storage"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].status == status)
			return rows[i].reason;
	return "Unknown";
}

void http_date(struct buf *out, uint64_t wall_ms)
{
	/* strftime would follow the locale */
	static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t t = (time_t)(wall_ms / 1000);
	struct tm tm;
	gmtime_r(&t, &tm);
	buf_addf(out, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon, tm.tm_year + 1900,
		tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void http_status_line(struct buf *out, enum http_version version, int status)
{
	buf_addf(out, "HTTP/%s %d %s\r\n", version == HTTP_1_1 ? "1.1" : "1.0", status, http_reason(status));
}

void http_header(struct buf *out, const char *name, struct bytes value)
{
	buf_adds(out, name);
	buf_adds(out, ": ");
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];
		buf_addc(out, c < 0x20 || c == 0x7F ? ' ' : (char)c);
	}
	buf_adds(out, "\r\n");
}

void http_headerf(struct buf *out, const char *name, const char *fmt, ...)
{
	CLEANUP(buf_fini) struct buf value;
	va_list ap;
	buf_init(&value, HTTP_HEAD_MAX);
	va_start(ap, fmt);
	buf_vaddf(&value, fmt, ap);
	va_end(ap);
	if (buf_failed(&value))
		out->failed = true;
	http_header(out, name, buf_bytes(&value));
}

void http_end_head(struct buf *out)
{
	buf_adds(out, "\r\n");
}

static enum http_parse parse_status(struct http_response *r, struct bytes line)
{
	struct bytes rest = line, version, code;
	uint64_t status;
	if (!bytes_split(&rest, ' ', &version) || !rest.ptr || !bytes_split(&rest, ' ', &code))
		return HTTP_BAD;
	if (!bytes_is(version, "HTTP/1.1") && !bytes_is(version, "HTTP/1.0") && !bytes_is(version, "ICY"))
		return HTTP_BAD;
	if (code.len != 3 || !bytes_to_u64(code, 999, &status) || status < 100)
		return HTTP_BAD;
	r->version = bytes_is(version, "HTTP/1.1") ? HTTP_1_1 : HTTP_1_0;
	r->status = (int)status;
	return HTTP_PARSED;
}

enum http_parse http_response_parse(struct http_response *r, struct bytes in)
{
	struct bytes line, rest = in;
	*r = (struct http_response){0};
	enum http_parse p = http_head_line(&rest, &line, in.len);
	if (p == HTTP_PARSED)
		p = parse_status(r, line);
	if (p == HTTP_PARSED)
		p = http_head_fields(&rest, r->fields, &r->n_fields, in.len);
	r->head_len = in.len - rest.len;
	return p;
}

struct bytes http_response_field(const struct http_response *r, const char *name)
{
	return http_head_find(r->fields, r->n_fields, name);
}
