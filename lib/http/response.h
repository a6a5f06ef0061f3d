/*
 * Heads and bodies of answers, into a buf (RFC 9112 section 4), and a response's
 * head from bytes (for clients of small finite requests and for relays).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/bytes.h"
#include "lib/http/request.h"

const char *http_reason(int status); /* "OK", "Not Found", ...; "Unknown" */

/* "Sun, 22 Nov 2026 04:01:10 GMT" (RFC 9110 section 5.6.7) */
void http_date(struct buf *out, uint64_t wall_ms);

/* "HTTP/1.1 200 OK\r\n" */
void http_status_line(struct buf *out, enum http_version version, int status);

/* "Name: value\r\n"; bytes that would break the line become spaces. */
void http_header(struct buf *out, const char *name, struct bytes value);
void http_headerf(struct buf *out, const char *name, const char *fmt, ...) PRINTF(3, 4);
void http_end_head(struct buf *out);

struct http_response {
	int status;
	enum http_version version;
	struct http_field fields[HTTP_FIELDS_MAX];
	size_t n_fields;
	size_t head_len;
};

enum http_parse http_response_parse(struct http_response *r, struct bytes in); /* ICY 200 OK is taken too */
struct bytes http_response_field(const struct http_response *r, const char *name);
