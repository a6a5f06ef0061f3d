/*
 * What waits for the broker's word that it has arrived, in order. Pure: time is
 * an argument. Bounded: the oldest that is not under way is dropped and counted.
 *
 *   QUEUED ─taken→ UNDER WAY ─acknowledged→ gone
 *      └────── connection lost ──┘
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/list.h"

#define OUTBOX_COUNT_MAX 20000
#define OUTBOX_BYTES_MAX (16u << 20)
#define OUTBOX_UNDER_WAY_MAX 100

enum parcel_state { PARCEL_QUEUED, PARCEL_UNDER_WAY, PARCEL_ACKNOWLEDGED };

struct parcel {
	struct list node;
	enum parcel_state state;
	char *topic; /* NUL-terminated; this and the next two lie behind the struct */
	char *payload, *correlation;
	size_t payload_len, correlation_len, bytes;
	int qos;
	bool retain, only_now;
	uint64_t queued_us, deadline_us;
	uint32_t expiry_s;
};

struct outbox {
	struct list parcels;
	size_t count, bytes, under_way;
	uint64_t dropped;
};

struct bus_publication;

void outbox_init(struct outbox *o);
void outbox_fini(struct outbox *o);

/* Copies. -EMSGSIZE, -ENOMEM, -ENOBUFS (everything is under way). */
int outbox_add(struct outbox *o, const struct bus_publication *p, uint64_t now_us);

/* The next to be sent, UNDER WAY from now on; NULL: none, or enough are under way. Forgets what is too late. */
struct parcel *outbox_take(struct outbox *o, uint64_t now_us);

/* It did not arrive: QUEUED again, in its old place. */
void outbox_return(struct outbox *o, struct parcel *p);

/* Frees the acknowledged ones. */
void outbox_sweep(struct outbox *o);

/* The connection is gone: what was under way is queued again, what was only for it is forgotten. */
void outbox_rewind(struct outbox *o);
