/*
 * Base64 and base64url (RFC 4648 sections 4 and 5).
 */
#pragma once

#include <stdbool.h>

#include "lib/base/buf.h"
#include "lib/base/bytes.h"

void base64_encode(struct buf *out, struct bytes in);
void base64url_encode(struct buf *out, struct bytes in); /* without padding */

/* Takes both alphabets, with or without padding; false on anything else. */
bool base64_decode(struct buf *out, struct bytes in);
