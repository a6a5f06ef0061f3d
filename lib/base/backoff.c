#include "lib/base/backoff.h"

void backoff_init(struct backoff *b, uint32_t min_ms, uint32_t max_ms)
{
	*b = (struct backoff){.min_ms = min_ms, .max_ms = max_ms, .last_ms = min_ms};
}

void backoff_reset(struct backoff *b)
{
	b->last_ms = b->min_ms;
}

uint32_t backoff_next_ms(struct backoff *b, uint32_t random)
{
	uint64_t top = (uint64_t)b->last_ms * 3;
	uint64_t span = top > b->min_ms ? top - b->min_ms : 0;
	uint64_t next = b->min_ms + (span ? random % (span + 1) : 0);
	b->last_ms = next > b->max_ms ? b->max_ms : (uint32_t)next;
	return b->last_ms;
}
