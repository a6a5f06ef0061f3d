#include "agent/plan/dedup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/macros.h"

#define KEEP_AFTER_EXPIRY_MS (5 * 60 * 1000u)

void dedup_init(struct dedup *d, uint64_t floor_ms)
{
	*d = (struct dedup){.floor_ms = floor_ms};
	list_init(&d->entries);
}

static size_t weight(const struct dedup_entry *e)
{
	return sizeof(*e) + (e->latest ? strlen(e->latest) + 1 : 0) + (e->txn ? strlen(e->txn) + 1 : 0);
}

static void forget(struct dedup *d, struct dedup_entry *e)
{
	d->bytes -= weight(e);
	d->count--;
	list_remove(&e->node);
	free(e->latest);
	free(e->txn);
	free(e);
}

void dedup_remove(struct dedup *d, struct dedup_entry *e) { forget(d, e); }

void dedup_fini(struct dedup *d)
{
	LIST_FOR_SAFE(it, &d->entries)
		forget(d, CONTAINER_OF(it, struct dedup_entry, node));
}

struct dedup_entry *dedup_find(const struct dedup *d, const char *id)
{
	LIST_FOR(it, &d->entries) {
		struct dedup_entry *e = CONTAINER_OF(it, struct dedup_entry, node);
		if (strcmp(e->id, id) == 0)
			return e;
	}
	return NULL;
}

enum dedup_answer dedup_seen(const struct dedup *d, const struct command_in *c, struct dedup_entry **entry)
{
	*entry = dedup_find(d, c->id);
	if (*entry)
		return strcmp((*entry)->sha256, c->sha256) == 0 ? DEDUP_SAME : DEDUP_OTHER_BYTES;
	return c->exp_ms <= d->floor_ms ? DEDUP_REPLAY : DEDUP_NEW;
}

struct dedup_entry *dedup_add(struct dedup *d, const char *id, const char *ctl, const char *verb, const char *sha256, uint64_t exp_ms, uint64_t at_ms,
	bool mutating)
{
	struct dedup_entry *e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->exp_ms = exp_ms;
	e->at_ms = at_ms;
	e->mutating = mutating;
	bytes_copy(bytes_of(id), e->id, sizeof(e->id));
	bytes_copy(bytes_of(ctl), e->ctl, sizeof(e->ctl));
	bytes_copy(bytes_of(verb), e->verb, sizeof(e->verb));
	bytes_copy(bytes_of(sha256), e->sha256, sizeof(e->sha256));
	list_add_tail(&d->entries, &e->node);
	d->count++;
	d->bytes += weight(e);
	return e;
}

static int replace(struct dedup *d, struct dedup_entry *e, char **slot, struct bytes text)
{
	char *copy = strndup(text.ptr ? text.ptr : "", text.len);
	if (!copy)
		return -ENOMEM;
	d->bytes -= weight(e);
	free(*slot);
	*slot = copy;
	d->bytes += weight(e);
	return 0;
}

int dedup_say(struct dedup *d, struct dedup_entry *e, struct bytes text, bool final)
{
	int r = replace(d, e, &e->latest, text);
	if (r == 0)
		e->final |= final;
	return r;
}

int dedup_note_txn(struct dedup *d, struct dedup_entry *e, struct bytes text) { return replace(d, e, &e->txn, text); }

bool dedup_prune(struct dedup *d, uint64_t now_ms)
{
	uint64_t floor_ms = d->floor_ms;
	LIST_FOR_SAFE(it, &d->entries) {
		struct dedup_entry *e = CONTAINER_OF(it, struct dedup_entry, node);
		bool old = e->at_ms + DEDUP_KEEP_MS < now_ms && e->exp_ms + KEEP_AFTER_EXPIRY_MS < now_ms;
		bool many = d->count > DEDUP_COUNT_MAX || d->bytes > DEDUP_BYTES_MAX;
		if (!e->final || (!old && !many))
			continue;
		if (e->mutating)
			floor_ms = MAX_OF(floor_ms, e->exp_ms);
		forget(d, e);
	}
	bool risen = floor_ms > d->floor_ms;
	d->floor_ms = floor_ms;
	return risen;
}
