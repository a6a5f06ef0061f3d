/*
 * The channel between the keeper and a worker: messages of one fixed shape over
 * a SOCK_SEQPACKET pair, some with a descriptor.
 *
 * A message that was sent is safe: it lies in the keeper's queue even when the worker dies the next
 * instant, and the keeper reads that queue to its end before a successor takes over. So a connection is carried
 * from the moment link_send() has returned 0. What the keeper could not take (its descriptors are
 * used up) comes back as LINK_LOST.
 */
#pragma once

#include <stdint.h>

enum link_kind {
	/* worker to keeper */
	LINK_HOLD = 1, /* slot, generation, a descriptor: keep a duplicate of this connection */
	LINK_RELEASE,  /* slot, generation: close the duplicate, free the record */
	LINK_TAPE,     /* slot: mount, which, a descriptor */
	LINK_UNTAPE,   /* slot: mount, which */
	LINK_READY,    /* a new worker has what it needs */
	LINK_PARKED,   /* all is handed over; the worker ends */
	LINK_RESTART,  /* value: milliseconds the new worker may take */
	LINK_CONFIG,   /* a memfd: these bytes are running now */
	LINK_STOP,     /* end streamd */
	/* keeper to worker */
	LINK_PARK,     /* hand over and end */
	LINK_GO,       /* the old worker is gone: serve */
	LINK_RELOAD,   /* a memfd with the file's present bytes, or none: it cannot be read, text says why */
	LINK_QUIT,     /* end, say goodbye */
	LINK_NOT_READY,/* the restart failed, text says why: serve on */
	LINK_LOST,     /* slot, generation: the keeper could not take it */
	LINK_KINDS
};

struct link_message {
	uint32_t kind, slot, generation, which;
	uint64_t value;
	char text[200];
};

/* Blocking (the keeper is always quick). 0 or -errno. fd -1: none; it stays the caller's. */
int link_send(int sock, const struct link_message *m, int fd);

/* 1 with *m and *fd (-1: none; the caller's), 0 at the end, or -errno (-EAGAIN, -EPROTO for a broken one). */
int link_recv(int sock, struct link_message *m, int *fd);
