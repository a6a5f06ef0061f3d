#include "lib/base/limiter.h"

void limiter_init(struct limiter *l, uint32_t rate_per_s, uint32_t burst, uint64_t now_us)
{
	*l = (struct limiter){.micro_tokens = (uint64_t)burst * 1000000, .last_us = now_us, .rate = rate_per_s, .burst = burst};
}

bool limiter_take(struct limiter *l, uint64_t now_us)
{
	uint64_t most = (uint64_t)l->burst * 1000000;
	uint64_t passed_us = now_us - l->last_us;
	if (passed_us > 1000000000)
		passed_us = 1000000000; /* no overflow below; any burst is full by then */
	l->last_us = now_us;
	l->micro_tokens += passed_us * l->rate;
	if (l->micro_tokens > most)
		l->micro_tokens = most;
	if (l->micro_tokens < 1000000)
		return false;
	l->micro_tokens -= 1000000;
	return true;
}
