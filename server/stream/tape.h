/*
 * A mount's recent bytes: one append-only stream addressed by a 64-bit offset
 * that only grows, in a ring that is mapped twice so that each window of it is
 * contiguous, with an index of sync points beside it.
 *
 *   tail          sync   sync        head        fill
 *    |  kept bytes  |      |           | unpublished |      (offsets grow to the right)
 *
 * [tail, head) may be read by listeners. [head, fill) is decoded but not yet a whole page: only
 * the writer looks at it. One writer; any number of readers. The memory is shared and outlives the
 * writer: everything that must be consistent after a crash is committed by flipping between two copies.
 *
 * Pure: it is handed memory. It owns none.
 */
#pragma once

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/base/bytes.h"

#define TAPE_MAGIC 0x53465450u /* "SFTP" */
#define TAPE_LAYOUT 1
#define TAPE_SYNC_MAX 4096u     /* sync points remembered */
#define TAPE_INTAKE_BYTES (1u << 17) /* raw source bytes that are read but not yet decoded */

static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "64-bit atomics must be lock-free");

/* What the writer knows; committed as one. */
struct tape_state {
	uint64_t head, fill;
	uint64_t raw;        /* source body bytes that were decoded */
	uint64_t decoder[4]; /* where the writer's decoder stands; its own matter */
};

/* The head of the shared memory. */
struct tape_shared {
	uint32_t magic, layout;
	uint64_t ring_bytes; /* a power of two times the page size is not needed: any multiple of the page size */
	uint64_t base;       /* the first offset ever written */
	_Atomic uint64_t head, tail;
	_Atomic uint32_t active; /* which state holds */
	struct tape_state state[2];
	_Atomic uint64_t sync_count; /* sync points ever marked */
	uint64_t sync[TAPE_SYNC_MAX];
};

/* A process's view. */
struct tape {
	struct tape_shared *shared;
	uint8_t *ring;   /* mapped twice */
	uint8_t *intake; /* mapped twice; TAPE_INTAKE_BYTES */
};

/* Makes an empty tape in zeroed memory. */
void tape_format(struct tape *t, uint64_t ring_bytes, uint64_t base);

/*
 * Takes up a tape that another process wrote: foreign bytes, each field checked. Sync points beyond
 * the head are dropped. False when it is none.
 */
bool tape_attach(struct tape *t, uint64_t mapped_ring_bytes);

uint64_t tape_head(const struct tape *t);
uint64_t tape_tail(const struct tape *t);
struct tape_state tape_state(const struct tape *t);

/* The bytes [from, head), at most max; borrowed until the writer's next turn. Empty at the head. from must be >= tail. */
struct bytes tape_window(const struct tape *t, uint64_t from, size_t max);

/* Is [from, ...) still all there? */
bool tape_holds(const struct tape *t, uint64_t from);

/* ---- the writer ---- */

/* Copies in behind *fill (advances it); the tail moves on before old bytes are overwritten. len <= ring_bytes / 4. */
void tape_put(struct tape *t, uint64_t *fill, struct bytes in);

/* Forgets len unpublished bytes at `at` (garbage): the rest up to *fill moves down. */
void tape_cut(struct tape *t, uint64_t at, size_t len, uint64_t *fill);

/* Unpublished bytes [from, fill), for the format's parser. */
struct bytes tape_unpublished(const struct tape *t, uint64_t from, uint64_t fill);

/* A listener may begin at offset. Offsets only grow; those closer than ring/2048 to the last one are left out. */
void tape_mark(struct tape *t, uint64_t offset);

/* Publishes: s replaces the state as one, then readers see its head. */
void tape_commit(struct tape *t, const struct tape_state *s);

/* ---- where to begin ---- */

/*
 * The last sync point at or before want, else the first after it; never before floor nor in the part that is about to be
 * overwritten. False when there is none.
 */
bool tape_find_sync(const struct tape *t, uint64_t want, uint64_t floor, uint64_t *offset);

/* The n-th last sync point (0: the last). False when it is not remembered or overwritten. */
bool tape_sync_back(const struct tape *t, uint64_t n, uint64_t *offset, uint64_t *number);
