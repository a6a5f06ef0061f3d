#include "server/net/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/escape.h"
#include "lib/base/utf8.h"
#include "lib/http/chunked.h"
#include "lib/sys/clock.h"
#include "lib/sys/log.h"
#include "lib/sys/sock.h"
#include "server/net/access.h"
#include "server/net/conn.h"
#include "server/net/mount.h"

#define READ_MOST 65536u

static_assert(sizeof(struct chunked) <= sizeof(((struct tape_state *)0)->decoder), "the decoder's state fits the tape's");

void source_close(struct source *s, const char *why)
{
	struct net *n = s->net;
	struct mount *m = s->mount;
	int fd = s->watch.fd;
	log_info("source/end", "source on %s ended: %s", m->record->name, why);
	access_stream(n, net_record(n, s->slot), m->record->name, fd);
	timer_cancel(&s->silence);
	watch_remove(&s->watch);
	shutdown(fd, SHUT_RDWR);
	close(fd);
	net_release(n, s->slot);
	n->n_sources--;
	free(s);
	mount_end(m);
}

/* ---- bytes ---- */

enum intake { INTAKE_ON, INTAKE_END, INTAKE_BAD };

static enum intake decode_chunked(struct mount *m, struct tape_state *t, struct bytes in)
{
	struct chunked c;
	struct bytes data;
	memcpy(&c, t->decoder, sizeof(c));
	for (;;) {
		enum chunked_result r = chunked_decode(&c, &in, &data);
		if (r == CHUNKED_DATA)
			tape_put(&m->plain, &t->fill, data);
		memcpy(t->decoder, &c, sizeof(c));
		if (r == CHUNKED_END)
			return INTAKE_END;
		if (r == CHUNKED_BAD)
			return INTAKE_BAD;
		if (r == CHUNKED_MORE)
			return INTAKE_ON;
	}
}

/* Decodes what lies in the intake and commits it with what it made of the tape. */
static enum intake take_in(struct source *s, const char **why)
{
	struct mount *m = s->mount;
	const struct roster_record *r = net_record(s->net, s->slot);
	struct tape_state t = tape_state(&m->plain);
	struct bytes in = {(const char *)m->plain.intake + t.raw % TAPE_INTAKE_BYTES, (size_t)(s->raw_read - t.raw)};
	enum intake result = INTAKE_ON;
	*why = "its body's chunks are broken";
	if (r->flags & ROSTER_CHUNKED)
		result = decode_chunked(m, &t, in);
	else
		tape_put(&m->plain, &t.fill, in);
	t.raw = s->raw_read;
	if (!mount_advance(m, &t, why))
		return INTAKE_BAD;
	if (r->flags & ROSTER_SIZED && t.raw >= r->start)
		result = INTAKE_END;
	return result;
}

static size_t read_room(const struct source *s)
{
	const struct roster_record *r = net_record(s->net, s->slot);
	uint64_t room = READ_MOST;
	if (r->flags & ROSTER_SIZED && r->start - s->raw_read < room)
		room = r->start - s->raw_read;
	return (size_t)room;
}

static void on_readable(struct watch *w, uint32_t events)
{
	struct source *s = CONTAINER_OF(w, struct source, watch);
	struct mount *m = s->mount;
	const char *why = "";
	char *place = (char *)m->plain.intake + s->raw_read % TAPE_INTAKE_BYTES;
	ssize_t got = recv(w->fd, place, read_room(s), MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		source_close(s, got == 0 ? "it closed the connection" : "the connection broke");
		return;
	}
	s->raw_read += (uint64_t)got;
	s->last_us = net_now_us(s->net);
	m->record->last_byte_ms = clock_wall_ms();
	m->record->bytes_in += (uint64_t)got;
	s->net->roster.head->bytes_in += (uint64_t)got;
	enum intake result = take_in(s, &why);
	if (result != INTAKE_ON)
		source_close(s, result == INTAKE_END ? "its body is complete" : why);
}

static uint64_t timeout_us(const struct source *s)
{
	int64_t own = s->mount->settings.source_timeout_s;
	return (uint64_t)(own > 0 ? own : MAX_OF(s->net->conf->limits.source_timeout_s, (int64_t)1)) * 1000000;
}

static void on_silence(struct timer *t)
{
	struct source *s = CONTAINER_OF(t, struct source, silence);
	uint64_t silent = net_now_us(s->net) - s->last_us, limit = timeout_us(s);
	if (silent >= limit)
		source_close(s, "nothing came within the source-timeout");
	else
		timer_arm(t, limit - silent);
}

static bool send_answer(struct source *s)
{
	struct roster_record *r = net_record(s->net, s->slot);
	while (s->answer_at < r->preamble.len) {
		struct bytes rest = bytes_sub(arena_bytes(&s->net->roster, r->preamble), s->answer_at, SIZE_MAX);
		if (rest.len == 0)
			return false;
		ssize_t sent = send(s->watch.fd, rest.ptr, rest.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0)
			return false; /* a few hundred bytes on a fresh connection always fit: the peer is gone */
		s->answer_at += (uint32_t)sent;
	}
	return true;
}

static struct source *start(struct net *n, struct mount *m, uint32_t slot, int fd)
{
	struct source *s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->net = n;
	s->mount = m;
	s->slot = slot;
	s->last_us = net_now_us(n);
	timer_init(&s->silence, n->loop, on_silence);
	if (watch_add(n->loop, &s->watch, fd, EPOLLIN, on_readable) < 0) {
		free(s);
		return NULL;
	}
	timer_arm(&s->silence, timeout_us(s));
	m->source = s;
	n->n_sources++;
	return s;
}

/* ---- a new one ---- */

static enum mount_format format_of(struct bytes type)
{
	static const struct {
		const char *type;
		enum mount_format format;
	} rows[] = {
		{"audio/mpeg", MOUNT_MPEG}, {"audio/mp3", MOUNT_MPEG}, {"audio/x-mpeg", MOUNT_MPEG}, {"audio/aac", MOUNT_MPEG},
		{"audio/aacp", MOUNT_MPEG}, {"audio/x-aac", MOUNT_MPEG}, {"application/ogg", MOUNT_OGG}, {"audio/ogg", MOUNT_OGG},
		{"video/ogg", MOUNT_OGG}, {"audio/opus", MOUNT_OGG}, {"audio/x-ogg", MOUNT_OGG}, {"application/x-ogg", MOUNT_OGG},
	};
	struct bytes name = bytes_trim(bytes_sub(type, 0, bytes_find(type, ';') >= 0 ? (size_t)bytes_find(type, ';') : type.len));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (bytes_is_i(name, rows[i].type))
			return rows[i].format;
	return MOUNT_OTHER;
}

/* A header's text as UTF-8: what is none is taken for Latin-1. */
static void text_field(const struct http_request *q, const char *ice, const char *icy, char *out, size_t size)
{
	struct bytes v = http_field(q, ice);
	CLEANUP(buf_fini) struct buf text;
	buf_init(&text, HTTP_HEAD_MAX * 2);
	if (!v.ptr)
		v = http_field(q, icy);
	if (utf8_valid(v))
		buf_add_bytes(&text, v);
	else
		latin1_to_utf8(&text, v);
	bytes_copy(buf_bytes(&text), out, size);
}

static int32_t number_field(const struct http_request *q, const char *ice, const char *icy, int32_t absent)
{
	uint64_t v;
	struct bytes text = http_field(q, ice);
	if (!text.ptr)
		text = http_field(q, icy);
	return bytes_to_u64(text, 1000000, &v) ? (int32_t)v : absent;
}

static void describe(struct mount_record *m, const struct conn *c, const struct http_request *q)
{
	struct bytes type = http_field(q, "Content-Type");
	bytes_copy(type.ptr ? type : BYTES_LITERAL("audio/mpeg"), m->content_type, sizeof(m->content_type));
	text_field(q, "ice-name", "icy-name", m->stream_name, sizeof(m->stream_name));
	text_field(q, "ice-description", "icy-description", m->description, sizeof(m->description));
	text_field(q, "ice-genre", "icy-genre", m->genre, sizeof(m->genre));
	text_field(q, "ice-url", "icy-url", m->url, sizeof(m->url));
	text_field(q, "ice-audio-info", "icy-audio-info", m->audio_info, sizeof(m->audio_info));
	text_field(q, "User-Agent", "User-Agent", m->user_agent, sizeof(m->user_agent));
	m->bitrate = number_field(q, "ice-bitrate", "icy-br", 0);
	m->is_public = number_field(q, "ice-public", "icy-pub", -1);
	bytes_copy(bytes_of(c->ip), m->source_ip, sizeof(m->source_ip));
}

static bool fill_record(struct net *n, uint32_t slot, struct mount *m, const struct conn *c, const struct http_request *q, struct bytes answer)
{
	struct roster_record *r = net_record(n, slot);
	bool sized;
	uint64_t length;
	if (!http_content_length(q, &sized, &length))
		return false;
	r->mount = m->index;
	r->mount_generation = m->record->generation;
	r->request_len = (uint32_t)q->head_len;
	r->id = atomic_fetch_add(&n->roster.head->next_id, 1);
	r->read_before = c->read_total;
	r->sent_before = c->sent_total;
	r->since_ms = clock_wall_ms();
	/* libshout says Content-Length: 0 and then sends: only a PUT's length is one */
	if (http_is_chunked(q))
		r->flags |= ROSTER_CHUNKED;
	else if (sized && bytes_is(q->method, "PUT") && length > 0)
		r->flags |= ROSTER_SIZED;
	r->start = r->flags & ROSTER_SIZED ? length : 0;
	bytes_copy(bytes_of(c->ip), r->ip, sizeof(r->ip));
	bytes_copy(http_field(q, "User-Agent"), r->agent, sizeof(r->agent));
	r->preamble = net_arena_put(n, answer);
	return r->preamble.block != ROSTER_NONE;
}

static void consume_head(int fd, uint64_t len)
{
	char waste[HTTP_HEAD_MAX];
	while (len > 0) {
		ssize_t got = recv(fd, waste, MIN_OF(len, sizeof(waste)), MSG_DONTWAIT);
		if (got <= 0)
			return;
		len -= (uint64_t)got;
	}
}

static void give_up(struct net *n, uint32_t slot, struct mount *m)
{
	if (slot != ROSTER_NONE)
		net_untake_slot(n, slot);
	mount_end(m);
}

int source_open(struct net *n, struct conn *c, const struct http_request *q, struct bytes name, struct bytes answer)
{
	struct mount *m = mount_open(n, name, format_of(http_field(q, "Content-Type").ptr ? http_field(q, "Content-Type") : BYTES_LITERAL("audio/mpeg")));
	if (!m)
		return -ENOMEM;
	describe(m->record, c, q);
	struct tape_state t = tape_state(&m->plain);
	struct chunked fresh;
	chunked_init(&fresh);
	memcpy(t.decoder, &fresh, sizeof(fresh));
	tape_commit(&m->plain, &t);

	uint32_t slot = net_take_slot(n);
	if (slot == ROSTER_NONE || !fill_record(n, slot, m, c, q, answer)) {
		give_up(n, slot, m);
		return -ENOSPC;
	}
	struct roster_record *r = net_record(n, slot);
	atomic_store(&r->kind, ROSTER_FRESH);
	if (net_hold(n, slot, c->watch.fd) < 0) {
		give_up(n, slot, m);
		return -ENOSPC;
	}
	m->record->source = slot;
	atomic_store(&r->kind, ROSTER_SOURCE);
	int fd = conn_release_fd(c);
	consume_head(fd, r->request_len);
	struct source *s = start(n, m, slot, fd);
	if (!s) {
		shutdown(fd, SHUT_RDWR);
		close(fd);
		net_release(n, slot);
		mount_end(m);
		return 0;
	}
	n->roster.head->source_connections++;
	log_info("source/begin", "source on %s from %s: %s", m->record->name, r->ip, m->record->content_type);
	if (!send_answer(s))
		source_close(s, "its connection broke before it was answered");
	return 0;
}

/* ---- after a takeover ---- */

bool source_resume(struct net *n, uint32_t slot, int fd)
{
	struct roster_record *r = net_record(n, slot);
	struct mount *m = n->mounts[r->mount];
	uint64_t written, read_so_far;
	if (!m || m->source || m->record->source != slot)
		return false;
	if (sock_written(fd, &written) < 0 || sock_read(fd, &read_so_far) < 0 || written < r->sent_before)
		return false;
	uint64_t body = r->read_before + r->request_len;
	if (read_so_far < body) {
		consume_head(fd, body - read_so_far);
		read_so_far = body;
	}
	uint64_t raw = read_so_far - body, decoded = tape_state(&m->plain).raw;
	if (raw < decoded || raw - decoded > TAPE_INTAKE_BYTES)
		return false;
	struct source *s = start(n, m, slot, fd);
	if (!s)
		return false;
	s->raw_read = raw;
	s->answer_at = (uint32_t)MIN_OF(written - r->sent_before, (uint64_t)r->preamble.len);
	const char *why = "";
	if (!send_answer(s))
		source_close(s, "its connection broke before it was answered");
	else if (take_in(s, &why) != INTAKE_ON)
		source_close(s, *why ? why : "its body is complete");
	return true;
}
