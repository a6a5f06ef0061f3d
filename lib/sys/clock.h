/*
 * Time. Every timeout is on the monotonic clock (R-TIME-1); the wall clock is
 * for log lines, headers and the validity of commands.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

uint64_t clock_mono_us(void);
uint64_t clock_wall_ms(void);
uint32_t clock_random32(void); /* getrandom(2) */
void clock_random(void *out, size_t len);
