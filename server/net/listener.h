/*
 * A listener: a descriptor and an offset on a tape. What it is (address, agent,
 * since when) lies in its roster record; this is the hot part, one per slot.
 *
 *   request --(held by the keeper, record stored)--> preamble --> tape ...... closed
 *                                                      \_ EPOLLOUT after a short write _/
 */
#pragma once

#include "lib/sys/loop.h"
#include "server/net/net.h"

struct mount;
struct conn;

struct listener {
	struct watch watch;
	uint64_t offset;      /* tape offset of the next byte */
	uint32_t slot, mount;
	uint32_t preamble_at; /* bytes of the preamble that are sent */
	uint32_t seat;        /* its index among the mount's listeners */
	struct net *net;
	bool blocked;         /* waits for EPOLLOUT */
	bool settled;         /* has reached the head once */
};

static_assert(sizeof(struct listener) <= 64, "a hot record is one cache line");

/*
 * Makes the connection a listener of m: carries it, stores its record, consumes its request's head and sends what there is.
 * answer is the response's head. The connection's descriptor and counters pass over. 0, or -errno and nothing has changed.
 */
int listener_open(struct net *n, struct mount *m, struct conn *c, const struct http_request *q, struct bytes answer, bool woven);

/* After a takeover: its place from the kernel. False when it cannot go on (the caller releases it). */
bool listener_resume(struct net *n, uint32_t slot, int fd);

enum listener_turn { LISTENER_ON, LISTENER_GONE };

/* Sends what the tape holds. LISTENER_GONE: it was closed and is no longer seated. */
enum listener_turn listener_serve(struct listener *l);

void listener_close(struct listener *l);
uint64_t listener_lag(const struct listener *l);
