/*
 * When to try the broker again. Pure: randomness is an argument.
 *
 *   after                 first             then
 *   a lost line, no route uniform 0..3 s    decorrelated jitter, at most 60 s
 *   a refused login, TLS  60 s              doubling, at most 10 min
 *   our id was taken      30 s              doubling, at most 10 min
 *   a busy broker         60 s and jitter   the same
 */
#pragma once

#include <stdint.h>

#include "lib/bus/broker.h"

struct retry {
	uint32_t last_ms; /* 0: none since the last success */
	enum bus_trouble trouble;
};

void retry_reset(struct retry *r);
uint32_t retry_next_ms(struct retry *r, enum bus_trouble trouble, uint32_t random);
