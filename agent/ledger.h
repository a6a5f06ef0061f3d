/*
 * Which commands were taken and what became of them, on disk and in memory:
 * the journal and the table of plan/dedup behind one lock. Thread-safe.
 *
 * Commands that change nothing are remembered in memory only.
 */
#pragma once

#include <pthread.h>

#include "agent/host/journal.h"
#include "agent/plan/dedup.h"
#include "lib/base/error.h"

struct ledger {
	pthread_mutex_t lock;
	struct journal journal;
	struct dedup dedup;
};

/* A journal that is new sets the floor to now: what went before it can never be taken again. */
int ledger_open(struct ledger *l, const char *path, uint64_t now_ms, struct error *e);
void ledger_close(struct ledger *l);

/*
 * DEDUP_NEW: it is on disk (if it changes anything) and may begin. DEDUP_SAME: latest has the last word on it, if any.
 * -errno when the disk did not take it: it must not begin.
 */
int ledger_begin(struct ledger *l, const struct command_in *c, bool mutating, uint64_t now_ms, struct buf *latest);

/* The record of a transaction's step: on disk before the step acts. */
int ledger_note_txn(struct ledger *l, const char *id, struct bytes record);

/* The last word on it so far, or for ever. */
int ledger_say(struct ledger *l, const char *id, struct bytes document, bool final);

/* False: unknown here. */
bool ledger_get(struct ledger *l, const char *id, struct buf *document);

/* Called for each that was begun and is not final; before any thread uses the ledger. */
void ledger_each_unfinished(struct ledger *l, void (*fn)(void *arg, const struct dedup_entry *entry), void *arg);
