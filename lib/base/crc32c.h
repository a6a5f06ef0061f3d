/*
 * CRC-32C (Castagnoli, RFC 3720 appendix B.4), for journal records.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

uint32_t crc32c(uint32_t crc, const void *data, size_t len); /* start with 0 */
