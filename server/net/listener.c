#include "server/net/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/sys/clock.h"
#include "lib/sys/log.h"
#include "lib/sys/sock.h"
#include "server/net/access.h"
#include "server/net/conn.h"
#include "server/net/mount.h"

#define SEND_MOST (256u * 1024u)
#define NOTSENT_LOWAT_BYTES 16384

static struct mount *mount_of(const struct listener *l)
{
	return l->net->mounts[l->mount];
}

static const struct tape *tape_of(const struct listener *l)
{
	struct mount *m = mount_of(l);
	return net_record(l->net, l->slot)->flags & ROSTER_WOVEN ? &m->woven : &m->plain;
}

uint64_t listener_lag(const struct listener *l)
{
	return tape_head(tape_of(l)) - l->offset;
}

void listener_close(struct listener *l)
{
	struct net *n = l->net;
	struct mount *m = mount_of(l);
	int fd = l->watch.fd;
	access_stream(n, net_record(n, l->slot), m->record->name, fd);
	mount_unseat(m, l);
	watch_remove(&l->watch);
	shutdown(fd, SHUT_RDWR);
	close(fd);
	net_release(n, l->slot);
}

static void drop(struct listener *l, const char *why)
{
	struct roster_record *r = net_record(l->net, l->slot);
	log_info("source/send", "listener %llu (%s) on %s %s", (unsigned long long)r->id, r->ip, mount_of(l)->record->name, why);
	listener_close(l);
}

/* A short write means that the socket is full: wait for room instead of trying at each tick. */
static void block(struct listener *l, bool blocked)
{
	if (l->blocked == blocked)
		return;
	l->blocked = blocked;
	watch_change(&l->watch, EPOLLIN | EPOLLRDHUP | EPOLLET | (blocked ? EPOLLOUT : 0));
}

/* Once the burst is out, the kernel need not pin more than a few packets of a slow listener. */
static void settle(struct listener *l)
{
	int lowat = NOTSENT_LOWAT_BYTES;
	l->settled = true;
	setsockopt(l->watch.fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &lowat, sizeof(lowat));
}

static void advance(struct listener *l, size_t preamble_len, size_t sent)
{
	size_t of_preamble = MIN_OF(sent, preamble_len - l->preamble_at);
	l->preamble_at += (uint32_t)of_preamble;
	l->offset += sent - of_preamble;
	mount_of(l)->record->bytes_out += sent;
	l->net->roster.head->bytes_out += sent;
}

/* The preamble is out: its blocks are free, only its length counts from now on. */
static void forget_preamble(struct listener *l, struct roster_record *r)
{
	if (r->preamble.block == ROSTER_NONE || l->preamble_at < r->preamble.len)
		return;
	struct arena_ref ref = r->preamble;
	r->preamble.block = ROSTER_NONE;
	net_arena_free(l->net, ref);
}

static enum listener_turn gone(struct listener *l)
{
	listener_close(l);
	return LISTENER_GONE;
}

static enum listener_turn at_head(struct listener *l)
{
	if (!mount_of(l)->source)
		return gone(l); /* the source ended and everything is sent */
	if (!l->settled)
		settle(l);
	block(l, false);
	return LISTENER_ON;
}

static enum listener_turn too_slow(struct listener *l)
{
	mount_of(l)->record->slow_listeners++;
	drop(l, "is too slow: it fell behind by more than the queue-size");
	return LISTENER_GONE;
}

enum listener_turn listener_serve(struct listener *l)
{
	struct roster_record *r = net_record(l->net, l->slot);
	const struct tape *t = tape_of(l);
	if (!tape_holds(t, l->offset) || tape_head(t) - l->offset > mount_queue_bytes(mount_of(l)) + mount_burst_bytes(mount_of(l)))
		return too_slow(l);
	if (l->blocked)
		return LISTENER_ON;
	for (;;) {
		struct bytes preamble = l->preamble_at < r->preamble.len ? bytes_sub(arena_bytes(&l->net->roster, r->preamble), l->preamble_at, SIZE_MAX)
									: BYTES_NONE;
		struct bytes data = tape_window(t, l->offset, SEND_MOST);
		if (preamble.len + data.len == 0)
			return at_head(l);
		struct iovec iov[2] = {{(void *)preamble.ptr, preamble.len}, {(void *)data.ptr, data.len}};
		struct msghdr msg = {.msg_iov = preamble.len ? iov : iov + 1, .msg_iovlen = preamble.len ? 2 : 1};
		ssize_t sent = sendmsg(l->watch.fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return gone(l);
		if (sent > 0)
			advance(l, r->preamble.len, (size_t)sent);
		forget_preamble(l, r);
		if (sent < (ssize_t)(preamble.len + data.len)) {
			block(l, true);
			return LISTENER_ON;
		}
	}
}

/* Whatever a listener says after its request is read and forgotten. */
static void discard_input(int fd)
{
	char waste[4096];
	for (int i = 0; i < 8 && recv(fd, waste, sizeof(waste), MSG_DONTWAIT) > 0; i++)
		;
}

static void on_event(struct watch *w, uint32_t events)
{
	struct listener *l = CONTAINER_OF(w, struct listener, watch);
	if (events & (EPOLLHUP | EPOLLERR)) {
		listener_close(l);
		return;
	}
	if (events & EPOLLIN)
		discard_input(w->fd);
	if (events & EPOLLOUT && l->blocked) {
		l->blocked = false;
		enum listener_turn turn = listener_serve(l);
		if (turn == LISTENER_ON && !l->blocked)
			watch_change(w, EPOLLIN | EPOLLRDHUP | EPOLLET);
	}
}

static int seat(struct net *n, struct mount *m, uint32_t slot, int fd, uint64_t offset, uint32_t preamble_at)
{
	struct listener *l = &n->listeners[slot];
	*l = (struct listener){.offset = offset, .slot = slot, .mount = m->index, .preamble_at = preamble_at, .net = n};
	int r = watch_add(n->loop, &l->watch, fd, EPOLLIN | EPOLLRDHUP | EPOLLET, on_event);
	if (r == 0)
		mount_seat(m, l);
	return r;
}

/* ---- a new one ---- */

/* Fills preamble behind the head with what comes before the tape, and finds where on it the listener begins. */
static void find_entry(struct mount *m, bool woven, struct buf *preamble, uint64_t *start)
{
	const struct tape *t = woven ? &m->woven : &m->plain;
	uint64_t head = tape_head(t), burst = mount_burst_bytes(m), floor = 0;
	uint64_t want = head - MIN_OF(head, burst);
	if (woven) {
		CLEANUP(buf_fini) struct buf block;
		buf_init(&block, 8192);
		mount_title_block(m, &block);
		if (!weave_entry(&m->weave, burst, buf_bytes(&block), preamble, start))
			*start = tape_tail(t);
		return;
	}
	if (m->record->format == MOUNT_OGG) {
		struct mount_link link = mount_link(m->record);
		bool from_begin = link.headers.block == ROSTER_NONE || (want <= link.begin && tape_holds(t, link.begin + m->ring_bytes / 8));
		if (from_begin) {
			*start = link.begin; /* its own header pages are still on the tape */
			return;
		}
		buf_add_bytes(preamble, arena_bytes(&m->net->roster, link.headers));
		floor = link.data;
	}
	if (!tape_find_sync(t, want, floor, start))
		*start = MAX_OF(head, floor);
}

/* Consumes the request's head, now that the connection is carried. */
static void consume(int fd, uint64_t len)
{
	char waste[HTTP_HEAD_MAX];
	while (len > 0) {
		ssize_t n = recv(fd, waste, MIN_OF(len, sizeof(waste)), MSG_DONTWAIT);
		if (n <= 0)
			return;
		len -= (uint64_t)n;
	}
}

static void fill_record(struct roster_record *r, struct net *n, struct mount *m, const struct conn *c, const struct http_request *q)
{
	r->mount = m->index;
	r->mount_generation = m->record->generation;
	r->request_len = (uint32_t)q->head_len;
	r->id = atomic_fetch_add(&n->roster.head->next_id, 1);
	r->read_before = c->read_total;
	r->sent_before = c->sent_total;
	r->since_ms = clock_wall_ms();
	bytes_copy(bytes_of(c->ip), r->ip, sizeof(r->ip));
	bytes_copy(http_field(q, "User-Agent"), r->agent, sizeof(r->agent));
}

int listener_open(struct net *n, struct mount *m, struct conn *c, const struct http_request *q, struct bytes answer, bool woven)
{
	CLEANUP(buf_fini) struct buf preamble;
	uint32_t slot = net_take_slot(n);
	if (slot == ROSTER_NONE)
		return -ENOSPC;
	struct roster_record *r = net_record(n, slot);
	buf_init(&preamble, HTTP_HEAD_MAX + OGG_HEADERS_MAX);
	buf_add_bytes(&preamble, answer);
	find_entry(m, woven, &preamble, &r->start);
	r->preamble = buf_failed(&preamble) ? r->preamble : net_arena_put(n, buf_bytes(&preamble));
	fill_record(r, n, m, c, q);
	r->flags = woven ? ROSTER_WOVEN : 0;
	atomic_store(&r->kind, ROSTER_FRESH);
	if (r->preamble.block == ROSTER_NONE || net_hold(n, slot, c->watch.fd) < 0) {
		net_untake_slot(n, slot);
		return -ENOSPC;
	}
	atomic_store(&r->kind, ROSTER_LISTENER);
	int fd = conn_release_fd(c);
	consume(fd, r->request_len);
	int added = seat(n, m, slot, fd, r->start, 0);
	if (added < 0) {
		shutdown(fd, SHUT_RDWR);
		close(fd);
		net_release(n, slot);
		return 0; /* the connection is gone all the same */
	}
	n->roster.head->listener_connections++;
	m->record->listener_connections++;
	listener_serve(&n->listeners[slot]);
	return 0;
}

/* ---- after a takeover ---- */

bool listener_resume(struct net *n, uint32_t slot, int fd)
{
	struct roster_record *r = net_record(n, slot);
	struct mount *m = n->mounts[r->mount];
	uint64_t written, read_so_far;
	if (!m || (r->flags & ROSTER_WOVEN && !m->has_woven))
		return false;
	if (sock_written(fd, &written) < 0 || sock_read(fd, &read_so_far) < 0 || written < r->sent_before)
		return false;
	uint64_t request_end = r->read_before + r->request_len;
	if (read_so_far < request_end)
		consume(fd, request_end - read_so_far);
	uint64_t done = written - r->sent_before;
	uint32_t preamble_at = (uint32_t)MIN_OF(done, (uint64_t)r->preamble.len);
	if (preamble_at < r->preamble.len && r->preamble.block == ROSTER_NONE)
		return false;
	uint64_t offset = r->start + (done - preamble_at);
	const struct tape *t = r->flags & ROSTER_WOVEN ? &m->woven : &m->plain;
	if (!tape_holds(t, offset))
		return false;
	if (seat(n, m, slot, fd, offset, preamble_at) < 0)
		return false;
	forget_preamble(&n->listeners[slot], r);
	listener_serve(&n->listeners[slot]); /* what it lags behind is due now: the source may be silent */
	return true;
}
