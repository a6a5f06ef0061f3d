/*
 * An ICY metadata block: a length byte (in units of 16), "StreamTitle='...';" and
 * zeros up to a multiple of 16; at most 255 * 16 bytes (SHOUTcast's ICY protocol).
 * Quotes inside the title stay: players look for the last "';".
 */
#pragma once

#include "lib/base/buf.h"
#include "lib/base/bytes.h"

#define TITLE_BLOCK_MAX (1 + 255 * 16)

/* title is UTF-8; charset "UTF-8", else it is sent as ISO-8859-1 with '?' for what does not fit. */
void title_block(struct buf *out, struct bytes title, const char *charset);
