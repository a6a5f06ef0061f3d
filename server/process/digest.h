/*
 * SHA-256 as lower-case hex (FIPS 180-4), by OpenSSL.
 */
#pragma once

#include "lib/base/bytes.h"

void digest_sha256(struct bytes data, char hex[65]);
