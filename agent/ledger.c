#include "agent/ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/escape.h"
#include "lib/base/macros.h"
#include "lib/fleet/json.h"

#define COMPACT_BYTES (4u << 20)

/*
 * Records, one JSON object each:
 *   {"k":"begin","id","ctl","verb","sha256","exp","at"}   {"k":"say","id","final","doc":{...}}
 *   {"k":"txn","id","txn":{...}}                          {"k":"floor","exp"}
 */
static void write_begin(const struct dedup_entry *d, struct buf *out)
{
	buf_addf(out, "{\"k\":\"begin\",\"id\":\"%s\",\"ctl\":\"%s\",\"sha256\":\"%s\",\"exp\":%llu,\"at\":%llu,\"verb\":", d->id, d->ctl, d->sha256,
		(unsigned long long)d->exp_ms, (unsigned long long)d->at_ms);
	escape_json_string(out, bytes_of(d->verb));
	buf_addc(out, '}');
}

static void write_word(const char *kind, const char *member, const char *id, struct bytes doc, bool final, struct buf *out)
{
	buf_addf(out, "{\"k\":\"%s\",\"id\":\"%s\",\"final\":%s,\"%s\":", kind, id, final ? "true" : "false", member);
	buf_add_bytes(out, doc);
	buf_addc(out, '}');
}

static void write_floor(uint64_t exp_ms, struct buf *out) { buf_addf(out, "{\"k\":\"floor\",\"exp\":%llu}", (unsigned long long)exp_ms); }

static void replay_begin(struct ledger *l, const struct cJSON *j)
{
	uint64_t exp_ms = 0, at_ms = 0;
	json_whole(j, "exp", &exp_ms);
	json_whole(j, "at", &at_ms);
	dedup_add(&l->dedup, json_text(j, "id", ""), json_text(j, "ctl", ""), json_text(j, "verb", ""), json_text(j, "sha256", ""), exp_ms, at_ms, true);
}

static void on_record(void *arg, struct bytes record)
{
	struct ledger *l = arg;
	CLEANUP(json_free) struct cJSON *j = json_trusted(record);
	const char *kind = json_text(j, "k", "");
	struct dedup_entry *entry = dedup_find(&l->dedup, json_text(j, "id", ""));
	CLEANUP(buf_fini) struct buf text;
	buf_init(&text, JOURNAL_RECORD_MAX);
	uint64_t exp_ms;
	if (strcmp(kind, "begin") == 0 && !entry)
		replay_begin(l, j);
	else if (strcmp(kind, "floor") == 0 && json_whole(j, "exp", &exp_ms))
		l->dedup.floor_ms = MAX_OF(l->dedup.floor_ms, exp_ms);
	else if (strcmp(kind, "say") == 0 && entry) {
		json_print(&text, json_at(j, "doc"), false);
		dedup_say(&l->dedup, entry, buf_bytes(&text), json_true(j, "final"));
	} else if (strcmp(kind, "txn") == 0 && entry) {
		json_print(&text, json_at(j, "txn"), false);
		dedup_note_txn(&l->dedup, entry, buf_bytes(&text));
	}
}

static int append(struct ledger *l, const struct buf *record)
{
	return buf_failed(record) ? -EMSGSIZE : journal_append(&l->journal, buf_bytes(record));
}

static void frame(struct buf *content, struct buf *record)
{
	journal_frame(content, buf_bytes(record));
	buf_clear(record);
}

/* What is remembered, anew: the file loses what was pruned. */
static int compact(struct ledger *l, struct error *e)
{
	CLEANUP(buf_fini) struct buf content, record;
	buf_init(&content, 4 * DEDUP_BYTES_MAX);
	buf_init(&record, JOURNAL_RECORD_MAX);
	write_floor(l->dedup.floor_ms, &record);
	frame(&content, &record);
	LIST_FOR(it, &l->dedup.entries) {
		const struct dedup_entry *d = CONTAINER_OF(it, struct dedup_entry, node);
		if (!d->mutating)
			continue;
		write_begin(d, &record);
		frame(&content, &record);
		if (d->txn && !d->final) {
			write_word("txn", "txn", d->id, bytes_of(d->txn), false, &record);
			frame(&content, &record);
		}
		if (d->latest) {
			write_word("say", "doc", d->id, bytes_of(d->latest), d->final, &record);
			frame(&content, &record);
		}
	}
	return buf_failed(&content) ? error_set(e, -EFBIG, "the journal does not fit") : journal_replace(&l->journal, buf_bytes(&content), e);
}

int ledger_open(struct ledger *l, const char *path, uint64_t now_ms, struct error *e)
{
	pthread_mutex_init(&l->lock, NULL);
	dedup_init(&l->dedup, 0);
	int r = journal_open(&l->journal, path, on_record, l, e);
	if (r < 0)
		return r;
	if (l->journal.bytes == 0)
		l->dedup.floor_ms = now_ms;
	dedup_prune(&l->dedup, now_ms);
	return compact(l, e);
}

void ledger_close(struct ledger *l)
{
	journal_close(&l->journal);
	dedup_fini(&l->dedup);
	pthread_mutex_destroy(&l->lock);
}

static void prune(struct ledger *l, uint64_t now_ms)
{
	CLEANUP(buf_fini) struct buf record;
	buf_init(&record, 128);
	if (dedup_prune(&l->dedup, now_ms)) {
		write_floor(l->dedup.floor_ms, &record);
		append(l, &record);
	}
	if (l->journal.bytes > COMPACT_BYTES + 2 * l->dedup.bytes)
		compact(l, NULL);
}

static int begin_new(struct ledger *l, const struct command_in *c, bool mutating, uint64_t now_ms)
{
	struct dedup_entry *d = dedup_add(&l->dedup, c->id, c->ctl, c->verb, c->sha256, c->exp_ms, now_ms, mutating);
	if (!d)
		return -ENOMEM;
	if (!mutating)
		return DEDUP_NEW;
	CLEANUP(buf_fini) struct buf record;
	buf_init(&record, 1024);
	write_begin(d, &record);
	int r = append(l, &record);
	if (r < 0)
		dedup_remove(&l->dedup, d);
	return r < 0 ? r : (int)DEDUP_NEW;
}

int ledger_begin(struct ledger *l, const struct command_in *c, bool mutating, uint64_t now_ms, struct buf *latest)
{
	struct dedup_entry *entry;
	pthread_mutex_lock(&l->lock);
	int r = (int)dedup_seen(&l->dedup, c, &entry);
	if (r == DEDUP_SAME && entry->latest)
		buf_adds(latest, entry->latest);
	if (r == DEDUP_NEW) {
		prune(l, now_ms);
		r = begin_new(l, c, mutating, now_ms);
	}
	pthread_mutex_unlock(&l->lock);
	return r;
}

static int record_word(struct ledger *l, const char *kind, const char *member, const char *id, struct bytes doc, bool final)
{
	CLEANUP(buf_fini) struct buf record;
	buf_init(&record, JOURNAL_RECORD_MAX);
	write_word(kind, member, id, doc, final, &record);
	return append(l, &record);
}

int ledger_note_txn(struct ledger *l, const char *id, struct bytes text)
{
	pthread_mutex_lock(&l->lock);
	struct dedup_entry *d = dedup_find(&l->dedup, id);
	int r = d ? record_word(l, "txn", "txn", id, text, false) : -ENOENT;
	if (r == 0)
		r = dedup_note_txn(&l->dedup, d, text);
	pthread_mutex_unlock(&l->lock);
	return r;
}

/* Progress is only for those who ask again meanwhile; the final word must outlive us. */
int ledger_say(struct ledger *l, const char *id, struct bytes document, bool final)
{
	pthread_mutex_lock(&l->lock);
	struct dedup_entry *d = dedup_find(&l->dedup, id);
	int r = d ? 0 : -ENOENT;
	if (r == 0 && final && d->mutating)
		r = record_word(l, "say", "doc", id, document, true);
	if (d)
		dedup_say(&l->dedup, d, document, final);
	pthread_mutex_unlock(&l->lock);
	return r;
}

bool ledger_get(struct ledger *l, const char *id, struct buf *document)
{
	pthread_mutex_lock(&l->lock);
	const struct dedup_entry *d = dedup_find(&l->dedup, id);
	if (d && d->latest)
		buf_adds(document, d->latest);
	pthread_mutex_unlock(&l->lock);
	return d && document->len;
}

void ledger_each_unfinished(struct ledger *l, void (*fn)(void *, const struct dedup_entry *), void *arg)
{
	LIST_FOR_SAFE(it, &l->dedup.entries) {
		const struct dedup_entry *d = CONTAINER_OF(it, struct dedup_entry, node);
		if (!d->final)
			fn(arg, d);
	}
}
