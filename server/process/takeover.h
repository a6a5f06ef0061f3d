/*
 * A takeover: mounts, sources and listeners go on from what the roster and the
 * kernel say. A record without a descriptor is freed; a descriptor without a record is closed.
 */
#pragma once

#include "server/net/net.h"

struct takeover {
	uint32_t listeners, sources, fresh; /* carried on */
	uint32_t lost;                      /* had a record and could not go on */
};

/* v's connection and tape descriptors pass to what is made of them. */
void takeover_run(struct net *n, struct vault *v, struct takeover *out);
