/*
 * A request's head from bytes (RFC 9112 section 3; SOURCE and ICE/1.0 as Icecast's
 * clients say them). Pure: nothing is allocated, everything points into the input.
 *
 * Limits (R-IN-1): 64 header fields, 8 KiB of head, 4 KiB of target.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/bytes.h"
#include "lib/base/buf.h"

#define HTTP_HEAD_MAX 8192
#define HTTP_TARGET_MAX 4096
#define HTTP_FIELDS_MAX 64

struct http_field {
	struct bytes name, value; /* value trimmed; its bytes are only checked to be no control characters */
};

enum http_version { HTTP_1_0, HTTP_1_1, HTTP_ICE_1_0 };

struct http_request {
	struct bytes method;
	struct bytes target; /* as sent */
	struct bytes path;   /* still encoded, without the query; starts with '/' or is "*" */
	struct bytes query;  /* without '?'; empty when there is none */
	enum http_version version;
	struct http_field fields[HTTP_FIELDS_MAX];
	size_t n_fields;
	size_t head_len; /* bytes of the head, its empty line included */
};

enum http_parse {
	HTTP_PARSED,
	HTTP_INCOMPLETE, /* read on */
	HTTP_BAD,        /* 400 */
	HTTP_TOO_LARGE,  /* 431 */
	HTTP_TARGET_TOO_LONG, /* 414 */
};

enum http_parse http_request_parse(struct http_request *r, struct bytes in);

/* The first field of that name (case ignored), or an empty range with ptr NULL. */
struct bytes http_field(const struct http_request *r, const char *name);

/* Does a comma-separated field hold that token (case ignored)? */
bool http_field_has(const struct http_request *r, const char *name, const char *token);

/* May the connection be kept: HTTP/1.1 without "close", HTTP/1.0 with "keep-alive". */
bool http_keep_alive(const struct http_request *r);

/* Content-Length. False when it is broken or given twice with different values; *len 0 and *present false when absent. */
bool http_content_length(const struct http_request *r, bool *present, uint64_t *len);

/* Is "Transfer-Encoding: chunked" its last coding? */
bool http_is_chunked(const struct http_request *r);

/*
 * Appends the decoded path to out: %XX once, no NUL or control byte, then "." and ".." segments
 * are refused (R-IN-2). False when it is none of ours.
 */
bool http_path_decode(struct buf *out, struct bytes path);

/* The first query parameter of that name, decoded as a form's, appended to out. False when absent or broken. */
bool http_query(struct buf *out, struct bytes query, const char *name);

/* ---- Basic credentials (RFC 7617), as a tagged value (R-AUTH-1) ---- */
enum http_credentials_kind { HTTP_CREDENTIALS_NONE, HTTP_CREDENTIALS_BASIC, HTTP_CREDENTIALS_BEARER, HTTP_CREDENTIALS_MALFORMED };

struct http_credentials {
	enum http_credentials_kind kind;
	char user[256];
	char password[256]; /* the token of a bearer */
};

void http_credentials(const struct http_request *r, struct http_credentials *out);
