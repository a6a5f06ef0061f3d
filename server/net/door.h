/*
 * A listening socket: accepts in batches. When descriptors run out it steps back
 * for a moment instead of spinning (R-LIFE-3).
 */
#pragma once

#include "server/net/net.h"

struct door {
	struct watch watch;
	struct net *net;
	struct timer again;
	int fd;
	bool control;
};

int door_open(struct net *n, struct door *d, int fd, bool control);
void door_close(struct door *d); /* stops accepting; the socket stays the keeper's */
