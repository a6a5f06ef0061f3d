/*
 * A worker's server: what its rooms share. One loop, the roster, the running
 * configuration, the mounts, and the tables of slots and arena blocks.
 *
 *   door -> conn -> (admit) -> exchange  finite: pages, admin, control
 *                           -> source    bytes onto a mount's tape
 *                           -> listener  bytes off a mount's tape
 *
 * A struct net lives as long as its process; everything in it belongs to the loop's thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/bytes.h"
#include "lib/base/list.h"
#include "lib/sys/loop.h"
#include "server/conf/conf.h"
#include "server/net/exchange.h"
#include "server/net/vault.h"
#include "server/stream/roster.h"

struct mount;
struct listener;

#define NET_CONNS_MAX 4096u /* connections without a complete request: the oldest gives way */

struct net;

/* What the room above answers (server/admin), handed in by the worker. */
struct net_handler {
	void (*handle)(struct net_handler *h, struct exchange *x, bool is_stream_path);
};

struct net {
	struct loop *loop;
	struct roster roster;
	const struct conf *conf; /* replaced whole at a reload */
	struct net_handler *handler;
	int link;                /* to the keeper */
	const struct vault *vault;

	struct mount *mounts[ROSTER_MOUNTS_MAX]; /* by record; NULL: not in use */
	struct listener *listeners;              /* by slot; lazily touched memory */

	uint32_t *free_slots; /* a stack */
	uint32_t n_free_slots;
	uint32_t *releasing;  /* a ring: slots whose record the keeper has yet to free */
	uint32_t releasing_first, n_releasing;
	uint64_t *arena_used; /* a bit a block */
	uint32_t arena_next;

	struct list conns; /* waiting for a request's head, oldest first */
	uint32_t n_conns, n_exchanges, n_listeners, n_sources;
	bool accepting, stopping;
	int spare_fd; /* given up to refuse politely when descriptors run out */
	int access_fd; /* -1: no access log */
	struct conn *asker; /* who asked for a restart and waits */
	char scratch[HTTP_HEAD_MAX + 1];
};

int net_init(struct net *n, struct loop *loop, const struct roster *r);

/* ---- slots ---- */
/* A free record, its generation raised, or ROSTER_NONE. Nothing is marked in it yet. */
uint32_t net_take_slot(struct net *n);
void net_untake_slot(struct net *n, uint32_t slot); /* it was never sent to the keeper */
struct roster_record *net_record(struct net *n, uint32_t slot);

/* Tells the keeper that the connection is over; its record will be freed. The caller has shut it down and closed its own. */
void net_release(struct net *n, uint32_t slot);
/* Hands the keeper a duplicate. 0 or -errno. */
int net_hold(struct net *n, uint32_t slot, int fd);

/* ---- the arena ---- */
struct arena_ref net_arena_put(struct net *n, struct bytes content); /* block ROSTER_NONE when it is full or content is empty */
void net_arena_free(struct net *n, struct arena_ref ref);
/* After a takeover: derive what is free from what the records name. */
void net_derive_free(struct net *n);

uint64_t net_now_us(const struct net *n);
bool net_draining(const struct net *n);
