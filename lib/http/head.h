/*
 * What requests' and responses' heads have in common: lines and fields (RFC 9112
 * sections 2.2 and 5). A bare LF ends a line as CRLF does; folded fields are refused.
 */
#pragma once

#include "lib/http/request.h"

/* Takes a line off *rest. total is the length of the whole input, for the limit. */
enum http_parse http_head_line(struct bytes *rest, struct bytes *line, size_t total);

/* Takes the fields and the empty line off *rest. */
enum http_parse http_head_fields(struct bytes *rest, struct http_field fields[HTTP_FIELDS_MAX], size_t *n, size_t total);

struct bytes http_head_find(const struct http_field *fields, size_t n, const char *name);
