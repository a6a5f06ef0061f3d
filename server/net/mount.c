#include "server/net/mount.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/utf8.h"
#include "lib/sys/clock.h"
#include "lib/sys/file.h"
#include "lib/sys/log.h"
#include "lib/sys/shm.h"
#include "server/net/link.h"
#include "server/net/listener.h"
#include "server/net/source.h"
#include "server/stream/title.h"

#define END_DEADLINE_US 10000000u /* how long listeners may drink up after the source ended */
#define DEFAULT_INTERVAL 16000

static uint64_t head_bytes(void)
{
	uint64_t page = 65536; /* a multiple of every page size in use */
	return (sizeof(struct tape_shared) + page - 1) / page * page;
}

static uint64_t limit_or(int64_t own, int64_t global)
{
	int64_t v = own >= 0 ? own : global;
	return v > 0 ? (uint64_t)v : 0;
}

uint64_t mount_burst_bytes(const struct mount *m)
{
	return limit_or(m->settings.burst_bytes, m->net->conf->limits.burst_bytes);
}

uint64_t mount_queue_bytes(const struct mount *m)
{
	return limit_or(m->settings.queue_bytes, m->net->conf->limits.queue_bytes);
}

void mount_settle(struct mount *m)
{
	conf_mount_for(m->net->conf, m->record->name, &m->settings);
}

/* ---- memory ---- */

static bool map_tape(struct tape *t, int fd, uint64_t ring_bytes)
{
	t->shared = shm_map(fd, head_bytes());
	t->intake = shm_map_ring(fd, head_bytes(), TAPE_INTAKE_BYTES);
	t->ring = shm_map_ring(fd, head_bytes() + TAPE_INTAKE_BYTES, ring_bytes);
	return t->shared && t->intake && t->ring;
}

static void unmap_tape(struct tape *t, uint64_t ring_bytes)
{
	shm_unmap(t->shared, head_bytes());
	shm_unmap_ring(t->intake, TAPE_INTAKE_BYTES);
	shm_unmap_ring(t->ring, ring_bytes);
	*t = (struct tape){0};
}

/* A new tape's memfd, mapped, formatted and in the keeper's hands. -1 on failure. */
static int make_tape(struct mount *m, struct tape *t, uint32_t which, const char *name)
{
	int fd = shm_create(name, head_bytes() + TAPE_INTAKE_BYTES + m->ring_bytes);
	if (fd < 0)
		return -1;
	if (!map_tape(t, fd, m->ring_bytes)) {
		unmap_tape(t, m->ring_bytes);
		close(fd);
		return -1;
	}
	tape_format(t, m->ring_bytes, 0);
	struct link_message msg = {.kind = LINK_TAPE, .slot = m->index, .which = which};
	link_send(m->net->link, &msg, fd);
	return fd;
}

static void drop_tape(struct mount *m, struct tape *t, uint32_t which, int *fd)
{
	struct link_message msg = {.kind = LINK_UNTAPE, .slot = m->index, .which = which};
	link_send(m->net->link, &msg, -1);
	unmap_tape(t, m->ring_bytes);
	file_close(fd);
}

/* The lag limit, the burst, and a mebibyte so that one turn of reading never reaches a listener's bytes. */
static uint64_t ring_bytes_for(struct mount *m)
{
	uint64_t want = mount_queue_bytes(m) + mount_burst_bytes(m) + (1u << 20);
	return (want + 65535) / 65536 * 65536;
}

/* ---- life ---- */

static void rebuild_format(struct mount *m);
static void on_tick(struct timer *t);
static void on_end(struct timer *t);

static struct mount *mount_new(struct net *n, uint32_t index)
{
	struct mount *m = calloc(1, sizeof(*m));
	if (!m)
		return NULL;
	m->net = n;
	m->index = index;
	m->record = &n->roster.mounts[index];
	m->plain_fd = m->woven_fd = -1;
	mpeg_init(&m->mpeg);
	buf_init(&m->headers, OGG_HEADERS_MAX);
	timer_init(&m->tick, n->loop, on_tick);
	timer_init(&m->end, n->loop, on_end);
	return m;
}

static void mount_free(struct mount *m)
{
	struct net *n = m->net;
	timer_cancel(&m->tick);
	timer_cancel(&m->end);
	if (m->has_woven)
		drop_tape(m, &m->woven, VAULT_WOVEN, &m->woven_fd);
	drop_tape(m, &m->plain, VAULT_PLAIN, &m->plain_fd);
	net_arena_free(n, mount_link(m->record).headers);
	atomic_store(&m->record->used, 0);
	n->mounts[m->index] = NULL;
	ogg_free(m->ogg);
	buf_fini(&m->headers);
	free(m->seats);
	free(m);
}

static uint32_t free_record(struct net *n)
{
	for (uint32_t i = 0; i < ROSTER_MOUNTS_MAX; i++)
		if (!n->mounts[i] && !atomic_load(&n->roster.mounts[i].used))
			return i;
	return ROSTER_NONE;
}

static void init_record(struct mount_record *r, struct bytes name, enum mount_format format)
{
	uint32_t generation = r->generation + 1;
	memset(r, 0, sizeof(*r));
	r->generation = generation;
	r->source = ROSTER_NONE;
	r->format = format;
	r->is_public = -1;
	r->links[0].headers = r->links[1].headers = (struct arena_ref){ROSTER_NONE, 0};
	bytes_copy(name, r->name, sizeof(r->name));
	r->since_ms = r->last_byte_ms = clock_wall_ms();
}

struct mount *mount_open(struct net *n, struct bytes name, enum mount_format format)
{
	uint32_t index = free_record(n);
	struct mount *m = index == ROSTER_NONE ? NULL : mount_new(n, index);
	if (!m)
		return NULL;
	init_record(m->record, name, format);
	mount_settle(m);
	m->ring_bytes = ring_bytes_for(m);
	m->ogg = format == MOUNT_OGG ? ogg_new() : NULL;
	m->plain_fd = make_tape(m, &m->plain, VAULT_PLAIN, "streamd tape");
	if (m->plain_fd < 0 || (format == MOUNT_OGG && !m->ogg)) {
		ogg_free(m->ogg);
		buf_fini(&m->headers);
		free(m);
		return NULL;
	}
	n->mounts[index] = m;
	atomic_store(&m->record->used, 1);
	return m;
}

struct mount *mount_find(struct net *n, struct bytes name)
{
	for (uint32_t i = 0; i < ROSTER_MOUNTS_MAX; i++) {
		struct mount *m = n->mounts[i];
		if (m && m->source && bytes_is(name, m->record->name))
			return m;
	}
	return NULL;
}

/* ---- takeover ---- */

static bool attach_tape(struct mount *m, struct tape *t, int fd)
{
	size_t size;
	uint64_t around = head_bytes() + TAPE_INTAKE_BYTES;
	if (fd < 0 || shm_size(fd, &size) < 0 || size <= around || (m->ring_bytes && size - around != m->ring_bytes))
		return false;
	m->ring_bytes = size - around;
	return map_tape(t, fd, m->ring_bytes) && tape_attach(t, m->ring_bytes);
}

struct mount *mount_resume(struct net *n, uint32_t index, int plain_fd, int woven_fd)
{
	struct mount *m = mount_new(n, index);
	if (!m)
		return NULL;
	m->ogg = m->record->format == MOUNT_OGG ? ogg_new() : NULL;
	if (!mount_record_valid(m->record) || !attach_tape(m, &m->plain, plain_fd)) {
		log_error("mount/resume", "mount %u: its memory makes no sense; it is given up", index);
		atomic_store(&m->record->used, 0);
		unmap_tape(&m->plain, m->ring_bytes);
		ogg_free(m->ogg);
		free(m);
		return NULL;
	}
	n->mounts[index] = m;
	mount_settle(m);
	rebuild_format(m);
	m->plain_fd = plain_fd;
	struct mount_record *r = m->record;
	m->has_woven = r->has_woven && attach_tape(m, &m->woven, woven_fd) &&
		       weave_attach(&m->weave, &m->plain, &m->woven, r->woven_interval, r->woven_from);
	if (m->has_woven)
		m->woven_fd = woven_fd;
	return m;
}

/* ---- titles ---- */

static bool fits_latin1(struct bytes s)
{
	uint32_t code;
	for (size_t n; s.len && (n = utf8_next(s, &code)) > 0; s = bytes_sub(s, n, s.len))
		if (code > 0xFF)
			return false;
	return true;
}

void mount_title_block(const struct mount *m, struct buf *out)
{
	struct mount_title t = mount_title(m->record);
	CLEANUP(buf_fini) struct buf text;
	buf_init(&text, sizeof(t.title) + sizeof(t.artist) + 4);
	if (t.artist[0])
		buf_addf(&text, "%s - ", t.artist);
	buf_adds(&text, t.title);
	/* Icecast sends ISO-8859-1 unless <charset> says otherwise; what does not fit it is better sent as UTF-8 than mangled */
	const char *charset = m->settings.charset ? m->settings.charset : fits_latin1(buf_bytes(&text)) ? "ISO-8859-1" : "UTF-8";
	title_block(out, buf_bytes(&text), charset);
}

bool mount_change_title(struct mount *m, struct bytes title, struct bytes artist)
{
	if (m->record->format == MOUNT_OGG)
		return false;
	mount_set_title(m->record, title, artist);
	return true;
}

/* ---- the woven tape ---- */

static void run_weave(struct mount *m)
{
	CLEANUP(buf_fini) struct buf block;
	buf_init(&block, 8192);
	mount_title_block(m, &block);
	if (!weave_run(&m->weave, buf_bytes(&block), (uint64_t)atomic_load(&m->record->title_version) + 1))
		log_error("mount/weave", "%s: the woven tape was overtaken", m->record->name);
}

bool mount_need_woven(struct mount *m)
{
	if (m->has_woven)
		return true;
	uint64_t head = tape_head(&m->plain), burst = mount_burst_bytes(m), from;
	uint64_t want = head - MIN_OF(head, burst + 2 * DEFAULT_INTERVAL);
	if (!tape_find_sync(&m->plain, want, 0, &from))
		from = head;
	int64_t interval = m->settings.metadata_interval;
	m->record->woven_interval = interval > 0 ? (uint32_t)interval : DEFAULT_INTERVAL;
	m->record->woven_from = from;
	m->woven_fd = make_tape(m, &m->woven, VAULT_WOVEN, "streamd woven tape");
	if (m->woven_fd < 0)
		return false;
	weave_begin(&m->weave, &m->plain, &m->woven, m->record->woven_interval, from);
	m->has_woven = true;
	m->record->has_woven = 1;
	run_weave(m);
	return true;
}

/* ---- formats ---- */

static void mark_frame(void *arg, uint64_t offset)
{
	tape_mark(&((struct mount *)arg)->plain, offset);
}

static void advance_mpeg(struct mount *m, struct tape_state *s)
{
	if (s->fill - m->scan > TAPE_INTAKE_BYTES)
		m->scan = s->head; /* the parser makes nothing of it: go on with what is new */
	struct bytes in = tape_unpublished(&m->plain, m->scan, s->fill);
	m->scan += mpeg_scan(&m->mpeg, m->scan, in, mark_frame, m);
	s->head = s->fill;
	static const char *const names[] = {"", "MP1", "MP2", "MP3", "AAC"};
	if (m->mpeg.locked && m->mpeg.codec != MPEG_NONE)
		bytes_copy(bytes_of(names[m->mpeg.codec]), m->record->subtype, sizeof(m->record->subtype));
}

/* Anything else begins anywhere: at what comes next. */
static void advance_other(struct mount *m, struct tape_state *s)
{
	tape_mark(&m->plain, s->head);
	s->head = s->fill;
}

/* Replaces the link's facts as one; the headers of the link before are given back. */
static void set_link(struct mount *m, struct mount_link link)
{
	struct arena_ref before = mount_link(m->record).headers;
	mount_set_link(m->record, &link);
	if (before.block != link.headers.block)
		net_arena_free(m->net, before);
}

static void take_link(struct mount *m, uint64_t headers_end)
{
	struct mount_link link = mount_link(m->record);
	link.headers = net_arena_put(m->net, buf_bytes(&m->headers));
	link.data = headers_end;
	set_link(m, link);
	buf_clear(&m->headers);
	struct ogg_facts f;
	ogg_facts(m->ogg, &f);
	bytes_copy(bytes_of(f.subtype), m->record->subtype, sizeof(m->record->subtype));
	mount_set_title(m->record, bytes_of(f.title), bytes_of(f.artist));
}

static void note_page(struct mount *m, uint64_t at, const struct ogg_page_facts *page)
{
	if (page->begins_link) {
		buf_clear(&m->headers);
		set_link(m, (struct mount_link){.headers = {ROSTER_NONE, 0}, .begin = at, .data = at});
		tape_mark(&m->plain, at);
	}
	if (page->is_header)
		buf_add_bytes(&m->headers, tape_unpublished(&m->plain, at, at + page->consumed));
	if (page->headers_end)
		take_link(m, at + page->consumed);
	if (page->sync)
		tape_mark(&m->plain, at);
}

/*
 * A new parser learns the link's streams from its saved header pages or, where they were not complete yet, from the tape.
 */
static void rebuild_ogg(struct mount *m)
{
	struct mount_link link = mount_link(m->record);
	struct ogg_page_facts page;
	bool saved = link.headers.block != ROSTER_NONE;
	struct bytes in = saved ? arena_bytes(&m->net->roster, link.headers)
				: tape_holds(&m->plain, link.begin) ? tape_window(&m->plain, link.begin, OGG_HEADERS_MAX) : BYTES_NONE;
	for (uint64_t at = link.begin; in.len && ogg_next(m->ogg, in, &page) == OGG_PAGE; at += page.consumed) {
		if (!saved)
			note_page(m, at, &page);
		in = bytes_sub(in, page.consumed, in.len);
	}
}

static void rebuild_format(struct mount *m)
{
	uint64_t at, number;
	m->scan = tape_sync_back(&m->plain, 0, &at, &number) ? at : tape_head(&m->plain);
	if (m->ogg)
		rebuild_ogg(m);
}

static bool advance_ogg(struct mount *m, struct tape_state *s, const char **why)
{
	struct ogg_page_facts page;
	for (;;) {
		enum ogg_result r = ogg_next(m->ogg, tape_unpublished(&m->plain, s->head, s->fill), &page);
		if (r == OGG_MORE)
			return true;
		if (r == OGG_REFUSED) {
			*why = page.why;
			return false;
		}
		if (r == OGG_GARBAGE) {
			log_info("source/ogg", "%s: %zu bytes that are no Ogg page were left out (%s)", m->record->name, page.consumed,
				page.why ? page.why : "no capture pattern");
			tape_cut(&m->plain, s->head, page.consumed, &s->fill);
			continue;
		}
		note_page(m, s->head, &page);
		s->head += page.consumed;
	}
}

/* ---- serving ---- */

/* Few listeners are served at every read; the more there are, the more bytes each send should carry. */
static uint64_t interval_us(const struct mount *m)
{
	return m->n_seats <= 64 ? 0 : MIN_OF((uint64_t)m->n_seats * 100, (uint64_t)250000);
}

static uint32_t shards_of(const struct mount *m)
{
	return MIN_OF(MAX_OF(m->n_seats / 128, 1u), 64u);
}

/* Serves the seats [from, to); one that leaves is replaced by the last, which is served in its place. */
static void serve_seats(struct mount *m, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to && i < m->n_seats;)
		if (listener_serve(&m->net->listeners[m->seats[i]]) == LISTENER_ON)
			i++;
}

static void serve_shard(struct mount *m)
{
	uint32_t shards = shards_of(m), k = m->shard % shards;
	m->shard = k + 1;
	serve_seats(m, (uint32_t)((uint64_t)m->n_seats * k / shards), (uint32_t)((uint64_t)m->n_seats * (k + 1) / shards));
}

static void on_tick(struct timer *t)
{
	struct mount *m = CONTAINER_OF(t, struct mount, tick);
	if (interval_us(m) == 0) { /* so many left that the rest is served at every read again */
		serve_seats(m, 0, m->n_seats);
		return;
	}
	serve_shard(m);
	timer_arm(t, interval_us(m) / shards_of(m));
}

static void serve(struct mount *m)
{
	if (interval_us(m) == 0)
		serve_seats(m, 0, m->n_seats);
	else if (!m->tick.armed)
		timer_arm(&m->tick, interval_us(m) / shards_of(m));
}

bool mount_advance(struct mount *m, struct tape_state *s, const char **why)
{
	bool fine = true;
	if (m->record->format == MOUNT_MPEG)
		advance_mpeg(m, s);
	else if (m->record->format == MOUNT_OGG)
		fine = advance_ogg(m, s, why);
	else
		advance_other(m, s);
	tape_commit(&m->plain, s);
	if (m->has_woven)
		run_weave(m);
	serve(m);
	return fine;
}

void mount_seat(struct mount *m, struct listener *l)
{
	if (m->n_seats == m->room) {
		uint32_t room = m->room ? m->room * 2 : 64;
		uint32_t *seats = realloc(m->seats, room * sizeof(uint32_t));
		if (!seats)
			abort(); /* a few kilobytes: the next worker goes on from the roster */
		m->seats = seats;
		m->room = room;
	}
	l->seat = m->n_seats;
	m->seats[m->n_seats++] = l->slot;
	m->net->n_listeners++;
	if (m->n_seats > m->record->listener_peak)
		m->record->listener_peak = m->n_seats;
}

void mount_unseat(struct mount *m, struct listener *l)
{
	uint32_t last = m->seats[--m->n_seats];
	m->seats[l->seat] = last;
	m->net->listeners[last].seat = l->seat;
	m->net->n_listeners--;
	if (!m->source && m->n_seats == 0)
		timer_arm(&m->end, 0); /* not here: a sweep over the seats may be under way */
}

void mount_end(struct mount *m)
{
	m->source = NULL;
	m->record->source = ROSTER_NONE;
	/* an Ogg page that never became whole is nothing a listener could use */
	serve_seats(m, 0, m->n_seats);
	timer_arm(&m->end, m->n_seats ? END_DEADLINE_US : 0);
}

static void on_end(struct timer *t)
{
	struct mount *m = CONTAINER_OF(t, struct mount, end);
	while (m->n_seats)
		listener_close(&m->net->listeners[m->seats[0]]);
	mount_free(m);
}
