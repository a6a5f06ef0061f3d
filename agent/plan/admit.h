/*
 * May a command be carried out here and now? The checks of the contract's
 * section 3 between reading it and remembering it. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/fleet/envelope.h"

#define CLOCK_AHEAD_MS 300000u

struct admit_facts {
	const char *fleet, *node;
	const char *group;     /* of the topic it came by; NULL: the node's own */
	bool clock_trusted;
	uint64_t now_ms;
	int64_t left_s;        /* what the broker left of its life; -1: not said */
	bool mutating;
};

/* Is it for us? 0 or CODE_BAD_REQUEST with text. */
int admit_target(const struct command_in *c, const struct admit_facts *f, struct error *e);

/* Is it in time? 0, CODE_EXPIRED or CODE_CLOCK with text. */
int admit_time(const struct command_in *c, const struct admit_facts *f, struct error *e);
