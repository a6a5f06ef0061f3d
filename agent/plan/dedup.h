/*
 * The commands that are remembered: by id, with the digest of their bytes and
 * the last thing said about them. What is forgotten raises the floor: nothing
 * that expired at or before it is taken again, whatever a broker repeats. Pure.
 *
 *   dedup_seen():  NEW ─ add ─→ known ─ say ... say(final) ─→ final ─ prune ─→ below the floor
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/list.h"
#include "lib/fleet/envelope.h"

#define DEDUP_COUNT_MAX 4096
#define DEDUP_BYTES_MAX (8u << 20)
#define DEDUP_KEEP_MS (7ull * 86400 * 1000)

struct dedup_entry {
	struct list node; /* in the order of coming */
	char id[ULID_TEXT_LEN + 1], ctl[FLEET_ID_MAX + 1], verb[VERB_MAX + 1], sha256[DIGEST_TEXT_LEN + 1];
	uint64_t exp_ms, at_ms;
	bool mutating, final;
	char *latest; /* the last document said about it; NULL: none yet */
	char *txn;    /* the last record of its transaction; NULL: it has none */
};

struct dedup {
	struct list entries;
	size_t count, bytes;
	uint64_t floor_ms;
};

enum dedup_answer { DEDUP_NEW, DEDUP_SAME, DEDUP_OTHER_BYTES, DEDUP_REPLAY };

void dedup_init(struct dedup *d, uint64_t floor_ms);
void dedup_fini(struct dedup *d);

struct dedup_entry *dedup_find(const struct dedup *d, const char *id);
enum dedup_answer dedup_seen(const struct dedup *d, const struct command_in *c, struct dedup_entry **entry);

/* NULL: no memory. The entry stays the table's. */
struct dedup_entry *dedup_add(struct dedup *d, const char *id, const char *ctl, const char *verb, const char *sha256, uint64_t exp_ms, uint64_t at_ms,
	bool mutating);

/* Remembers text (copied) as the last word; -ENOMEM. */
int dedup_say(struct dedup *d, struct dedup_entry *e, struct bytes text, bool final);
int dedup_note_txn(struct dedup *d, struct dedup_entry *e, struct bytes text);

/* Forgets one that could not begin. */
void dedup_remove(struct dedup *d, struct dedup_entry *e);

/* Forgets final ones that are old, or too many; the floor rises. True when it has. */
bool dedup_prune(struct dedup *d, uint64_t now_ms);
