/*
 * SHA-256 as 64 lower-case hexadecimal digits.
 */
#pragma once

#include "lib/base/bytes.h"

#define DIGEST_TEXT_LEN 64

void digest_text(struct bytes in, char out[DIGEST_TEXT_LEN + 1]);
bool digest_valid(struct bytes s);
