/*
 * One escaper per output (R-OUT-1, R-LOG-1). Each takes any bytes and appends
 * text that is valid there; what is no UTF-8 becomes U+FFFD.
 */
#pragma once

#include "lib/base/buf.h"
#include "lib/base/bytes.h"

void escape_json(struct buf *out, struct bytes s);        /* without the quotes */
void escape_json_string(struct buf *out, struct bytes s); /* with the quotes */
void escape_xml(struct buf *out, struct bytes s);         /* text and attributes, HTML too; control characters dropped */
void escape_log(struct buf *out, struct bytes s);         /* C0, DEL, C1, quote and backslash as \xNN */
void escape_prometheus(struct buf *out, struct bytes s);  /* a label's value, without the quotes */
void escape_url(struct buf *out, struct bytes s);         /* RFC 3986 unreserved stay, the rest %XX */

/* Decodes %XX (and + as a space when form is set). False on a broken escape or a NUL byte. */
bool unescape_url(struct buf *out, struct bytes s, bool form);

/* Latin-1 to UTF-8, byte by byte. */
void latin1_to_utf8(struct buf *out, struct bytes s);
