#include "lib/bus/retry.h"

#include "lib/base/macros.h"

#define LINE_FIRST_MS 3000u
#define LINE_MIN_MS 1000u
#define LINE_MAX_MS 60000u
#define REFUSED_MIN_MS 60000u
#define TAKEN_MIN_MS 30000u
#define REFUSED_MAX_MS 600000u

static uint32_t doubled(uint32_t last_ms, uint32_t min_ms, uint32_t random)
{
	uint32_t next = MAX_OF(min_ms, MIN_OF(last_ms, REFUSED_MAX_MS / 2) * 2);
	return next + random % (next / 10);
}

static uint32_t decorrelated(uint32_t last_ms, uint32_t random)
{
	if (last_ms == 0)
		return 1 + random % LINE_FIRST_MS;
	uint32_t high = MAX_OF(MIN_OF(last_ms, LINE_MAX_MS) * 3, LINE_MIN_MS + 1);
	return MIN_OF(LINE_MAX_MS, LINE_MIN_MS + random % (high - LINE_MIN_MS));
}

void retry_reset(struct retry *r) { *r = (struct retry){0}; }

uint32_t retry_next_ms(struct retry *r, enum bus_trouble trouble, uint32_t random)
{
	uint32_t last_ms = r->trouble == trouble ? r->last_ms : 0;
	r->trouble = trouble;
	switch (trouble) {
	case BUS_TROUBLE_LOGIN:
	case BUS_TROUBLE_TLS: r->last_ms = doubled(last_ms, REFUSED_MIN_MS, random); break;
	case BUS_TROUBLE_TAKEN: r->last_ms = doubled(last_ms, TAKEN_MIN_MS, random); break;
	case BUS_TROUBLE_BUSY: r->last_ms = REFUSED_MIN_MS + random % (REFUSED_MIN_MS / 10); break;
	default: r->last_ms = decorrelated(last_ms, random);
	}
	return r->last_ms;
}
