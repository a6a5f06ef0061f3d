/*
 * Waiting longer after each failure: decorrelated jitter,
 * next = min(max, uniform(min, previous * 3)).
 */
#pragma once

#include <stdint.h>

struct backoff {
	uint32_t min_ms, max_ms, last_ms;
};

void backoff_init(struct backoff *b, uint32_t min_ms, uint32_t max_ms);
void backoff_reset(struct backoff *b);
uint32_t backoff_next_ms(struct backoff *b, uint32_t random);
