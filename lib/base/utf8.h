/*
 * UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/bytes.h"

bool utf8_valid(struct bytes s);

/* Length of the valid sequence at s.ptr (1..4), 0 when it is none; *code is set when it is not NULL. */
size_t utf8_next(struct bytes s, uint32_t *code);
