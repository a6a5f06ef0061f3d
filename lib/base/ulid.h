/*
 * ULID: 48 bits of milliseconds and 80 random bits as 26 characters of
 * Crockford's base 32, upper case. Time and randomness are arguments.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/bytes.h"

#define ULID_TEXT_LEN 26

void ulid_format(uint64_t ms, const uint8_t random[10], char out[ULID_TEXT_LEN + 1]);
bool ulid_valid(struct bytes s);
bool ulid_to_bytes(struct bytes s, uint8_t out[16]);
