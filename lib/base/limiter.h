/*
 * A token bucket: rate tokens a second, at most burst at once. Time is an argument.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct limiter {
	uint64_t micro_tokens, last_us;
	uint32_t rate, burst;
};

void limiter_init(struct limiter *l, uint32_t rate_per_s, uint32_t burst, uint64_t now_us);
bool limiter_take(struct limiter *l, uint64_t now_us);
