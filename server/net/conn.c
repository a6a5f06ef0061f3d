#include "server/net/conn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/http/response.h"
#include "lib/sys/clock.h"
#include "lib/sys/log.h"
#include "lib/sys/sock.h"
#include "server/net/access.h"
#include "server/net/admit.h"

#define BODY_MAX (1u << 20)
#define PUBLIC_BODY_MAX 4096u
#define LINGER_US 2000000u
#define ANSWER_US 30000000u
#define KEEP_ALIVE_US 15000000u
#define REPLY_MAX (16u << 20)

static void on_event(struct watch *w, uint32_t events);
static void read_head(struct conn *c);

static void on_deadline(struct timer *t)
{
	conn_close(CONTAINER_OF(t, struct conn, deadline));
}

static void leave_queue(struct conn *c)
{
	if (c->state == CONN_HEAD && !list_empty(&c->node)) {
		list_remove(&c->node);
		c->net->n_conns--;
	}
}

static void free_request(struct conn *c)
{
	struct conn_request *q = c->request;
	if (!q)
		return;
	buf_fini(&q->body);
	buf_fini(&q->reply);
	buf_fini(&q->x.out);
	buf_fini(&q->x.headers);
	free(q);
	c->request = NULL;
	c->net->n_exchanges--;
}

static void conn_free(struct conn *c)
{
	leave_queue(c);
	timer_cancel(&c->deadline);
	free_request(c);
	if (c->net->asker == c)
		c->net->asker = NULL;
	free(c);
}

void conn_close(struct conn *c)
{
	int fd = c->watch.fd;
	watch_remove(&c->watch);
	if (c->slot != ROSTER_NONE) {
		shutdown(fd, SHUT_RDWR);
		net_release(c->net, c->slot);
	}
	close(fd);
	conn_free(c);
}

int conn_release_fd(struct conn *c)
{
	int fd = c->watch.fd;
	watch_remove(&c->watch);
	conn_free(c);
	return fd;
}

static uint64_t head_deadline_us(const struct net *n)
{
	int64_t s = n->conf->limits.header_timeout_s;
	return (uint64_t)(s > 0 ? s : 15) * 1000000;
}

static void wait_for_head(struct conn *c, uint64_t deadline_us)
{
	struct net *n = c->net;
	c->state = CONN_HEAD;
	list_add_tail(&n->conns, &c->node);
	n->n_conns++;
	timer_arm(&c->deadline, deadline_us);
	if (n->n_conns > NET_CONNS_MAX)
		conn_close(CONTAINER_OF(n->conns.next, struct conn, node));
}

void conn_open(struct net *n, int fd, bool control, uint64_t read_total, uint64_t sent_total)
{
	struct conn *c = calloc(1, sizeof(*c));
	if (!c || watch_add(n->loop, &c->watch, fd, EPOLLIN | EPOLLRDHUP | EPOLLET, on_event) < 0) {
		free(c);
		close(fd);
		return;
	}
	char ip[SOCK_ADDRESS_TEXT_MAX];
	c->net = n;
	c->slot = ROSTER_NONE;
	c->control = control;
	c->read_total = read_total;
	c->sent_total = sent_total;
	list_init(&c->node);
	sock_peer_text(fd, ip);
	bytes_copy(bytes_of(ip), c->ip, sizeof(c->ip));
	timer_init(&c->deadline, n->loop, on_deadline);
	wait_for_head(c, head_deadline_us(n));
}

/* ---- the request ---- */

/* Takes the head off the socket into a request of its own; false when the connection broke. */
static bool begin_request(struct conn *c, size_t head_len)
{
	struct conn_request *q = calloc(1, sizeof(*q));
	if (!q)
		return false;
	leave_queue(c);
	q->conn = c;
	c->request = q;
	c->net->n_exchanges++;
	c->state = CONN_BODY;
	buf_init(&q->body, c->control ? BODY_MAX : PUBLIC_BODY_MAX);
	buf_init(&q->reply, REPLY_MAX);
	buf_init(&q->x.out, REPLY_MAX);
	buf_init(&q->x.headers, 16384);
	q->began_us = clock_mono_us();
	timer_arm(&c->deadline, ANSWER_US);
	if (recv(c->watch.fd, q->head, head_len, MSG_DONTWAIT) != (ssize_t)head_len)
		return false;
	c->read_total += head_len;
	http_request_parse(&q->parsed, (struct bytes){q->head, head_len});
	q->x.request = &q->parsed;
	q->x.peer_ip = c->ip;
	q->x.control = c->control;
	return true;
}

static void linger(struct conn *c)
{
	/* what the peer still sends is read and forgotten, so that no reset eats our answer */
	c->state = CONN_LINGER;
	shutdown(c->watch.fd, SHUT_WR);
	timer_arm(&c->deadline, LINGER_US);
	on_event(&c->watch, EPOLLIN);
}

static void answered(struct conn *c)
{
	struct conn_request *q = c->request;
	if (!c->control)
		access_request(c->net, c->ip, &q->parsed, q->x.status, q->x.out.len, q->began_us);
	free_request(c);
	if (!c->keep || c->net->stopping) {
		linger(c);
		return;
	}
	wait_for_head(c, KEEP_ALIVE_US);
	watch_change(&c->watch, EPOLLIN | EPOLLRDHUP | EPOLLET);
	read_head(c); /* a pipelined request lies there already */
}

static void send_reply(struct conn *c)
{
	struct conn_request *q = c->request;
	while (q->sent < q->reply.len) {
		ssize_t n = send(c->watch.fd, q->reply.data + q->sent, q->reply.len - q->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN) {
			watch_change(&c->watch, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
			return;
		}
		if (n < 0) {
			conn_close(c);
			return;
		}
		q->sent += (size_t)n;
		c->sent_total += (uint64_t)n;
	}
	answered(c);
}

static void conf_headers(struct net *n, struct buf *out, int status)
{
	for (size_t i = 0; i < n->conf->n_headers; i++)
		if (n->conf->headers[i].status == 0 || n->conf->headers[i].status == status)
			http_header(out, n->conf->headers[i].name, bytes_of(n->conf->headers[i].value));
}

static void reply(struct conn *c)
{
	struct conn_request *q = c->request;
	struct exchange *x = &q->x;
	enum http_version version = q->parsed.version == HTTP_1_1 ? HTTP_1_1 : HTTP_1_0;
	if (buf_failed(&x->out))
		admit_error_page(x, 500, "the answer is too large");
	c->keep = c->keep && !x->close;
	http_status_line(&q->reply, version, x->status);
	http_header(&q->reply, "Server", bytes_of(c->net->conf->server_id ? c->net->conf->server_id : "streamd/" STREAMFLEET_VERSION));
	http_header(&q->reply, "Connection", c->keep ? BYTES_LITERAL("Keep-Alive") : BYTES_LITERAL("Close"));
	buf_adds(&q->reply, "Date: ");
	http_date(&q->reply, clock_wall_ms());
	buf_adds(&q->reply, "\r\n");
	if (x->content_type)
		http_header(&q->reply, "Content-Type", bytes_of(x->content_type));
	if (x->status != 204)
		http_headerf(&q->reply, "Content-Length", "%zu", x->out.len);
	if (!c->control)
		conf_headers(c->net, &q->reply, x->status);
	buf_add_bytes(&q->reply, buf_bytes(&x->headers));
	http_end_head(&q->reply);
	if (!bytes_is(q->parsed.method, "HEAD"))
		buf_add_bytes(&q->reply, buf_bytes(&x->out));
	c->state = CONN_ANSWER;
	send_reply(c);
}

static void answer(struct conn *c)
{
	struct net *n = c->net;
	struct exchange *x = &c->request->x;
	x->body = buf_bytes(&c->request->body);
	c->keep = http_keep_alive(&c->request->parsed);
	if (n->handler)
		n->handler->handle(n->handler, x, !c->control && admit_is_stream_path(n, c->request->parsed.path));
	if (x->deferred) {
		c->state = CONN_ASKING;
		timer_cancel(&c->deadline);
		n->asker = c;
		return;
	}
	if (x->status == 0)
		admit_fallback(n, x);
	reply(c);
}

static void refuse_request(struct conn *c, int status, const char *message)
{
	admit_error_page(&c->request->x, status, message);
	c->keep = false;
	reply(c);
}

static void read_body(struct conn *c)
{
	struct conn_request *q = c->request;
	while (q->body.len < q->body_len) {
		char *room = buf_reserve(&q->body, (size_t)(q->body_len - q->body.len));
		if (!room) {
			refuse_request(c, 413, "the request's body is too large");
			return;
		}
		ssize_t n = recv(c->watch.fd, room, (size_t)(q->body_len - q->body.len), MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			conn_close(c);
			return;
		}
		buf_grew(&q->body, (size_t)n);
		c->read_total += (uint64_t)n;
	}
	answer(c);
}

static void begin_exchange(struct conn *c, size_t head_len)
{
	bool present;
	if (!begin_request(c, head_len)) {
		conn_close(c);
		return;
	}
	struct conn_request *q = c->request;
	if (!http_content_length(&q->parsed, &present, &q->body_len) || http_is_chunked(&q->parsed))
		refuse_request(c, 400, "a request here needs a plain Content-Length");
	else if (q->body_len > q->body.max)
		refuse_request(c, 413, "the request's body is too large");
	else if (http_field_has(&q->parsed, "Expect", "100-continue") && send(c->watch.fd, "HTTP/1.1 100 Continue\r\n\r\n", 25, MSG_NOSIGNAL) < 0)
		conn_close(c);
	else
		read_body(c);
}

void conn_refuse(struct conn *c, const struct http_request *q, int status, const char *message)
{
	size_t head_len = q->head_len;
	if (!begin_request(c, head_len)) {
		conn_close(c);
		return;
	}
	refuse_request(c, status, message);
}

/* A head that cannot be parsed: what there is of it is thrown away with the connection. */
static void refuse_unparsed(struct conn *c, int status, const char *message)
{
	char head[256];
	int n = snprintf(head, sizeof(head), "HTTP/1.0 %d %s\r\nConnection: Close\r\nContent-Type: text/plain\r\n\r\n%s\r\n", status, http_reason(status),
		message);
	if (send(c->watch.fd, head, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		conn_close(c);
		return;
	}
	leave_queue(c);
	linger(c);
}

static void read_head(struct conn *c)
{
	struct net *n = c->net;
	struct http_request q;
	ssize_t got = recv(c->watch.fd, n->scratch, sizeof(n->scratch), MSG_PEEK | MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		conn_close(c);
		return;
	}
	switch (http_request_parse(&q, (struct bytes){n->scratch, (size_t)got})) {
	case HTTP_INCOMPLETE:
		if ((size_t)got >= sizeof(n->scratch))
			refuse_unparsed(c, 431, "the request's head is too large");
		return;
	case HTTP_BAD:
		refuse_unparsed(c, 400, "this is no HTTP request");
		return;
	case HTTP_TOO_LARGE:
		refuse_unparsed(c, 431, "the request's head is too large");
		return;
	case HTTP_TARGET_TOO_LONG:
		refuse_unparsed(c, 414, "the request's target is too long");
		return;
	case HTTP_PARSED:
		break;
	}
	if (c->control || admit(c, &q) == ADMIT_EXCHANGE)
		begin_exchange(c, q.head_len);
}

static void discard(struct conn *c)
{
	for (int i = 0; i < 64; i++) {
		ssize_t n = recv(c->watch.fd, c->net->scratch, sizeof(c->net->scratch), MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			conn_close(c);
			return;
		}
	}
	watch_change(&c->watch, EPOLLIN | EPOLLRDHUP | EPOLLET); /* more lies there: be told again */
}

static void on_event(struct watch *w, uint32_t events)
{
	struct conn *c = CONTAINER_OF(w, struct conn, watch);
	if (events & (EPOLLHUP | EPOLLERR)) {
		conn_close(c);
		return;
	}
	if (c->state == CONN_HEAD)
		read_head(c);
	else if (c->state == CONN_BODY)
		read_body(c);
	else if (c->state == CONN_ANSWER)
		send_reply(c);
	else if (c->state == CONN_LINGER)
		discard(c);
	/* ASKING: it is answered whether or not it says more */
}

/* ---- restarts ---- */

struct conn *conn_of_exchange(struct exchange *x)
{
	return CONTAINER_OF(x, struct conn_request, x)->conn;
}

int conn_ask(struct conn *c, const char *what)
{
	struct net *n = c->net;
	uint32_t slot = net_take_slot(n);
	if (slot == ROSTER_NONE)
		return -ENOSPC;
	struct roster_record *r = net_record(n, slot);
	r->flags = (c->control ? ROSTER_CONTROL : 0) | (http_keep_alive(&c->request->parsed) ? ROSTER_KEEP : 0);
	r->id = atomic_fetch_add(&n->roster.head->next_id, 1);
	r->since_ms = clock_wall_ms();
	r->read_before = c->read_total;
	r->sent_before = c->sent_total;
	bytes_copy(bytes_of(what), r->agent, sizeof(r->agent));
	atomic_store(&r->kind, ROSTER_ASK);
	if (net_hold(n, slot, c->watch.fd) < 0) {
		net_untake_slot(n, slot);
		return -ENOSPC;
	}
	c->slot = slot;
	return 0;
}

static void write_answer(struct buf *out, int status, struct bytes json)
{
	http_status_line(out, HTTP_1_1, status);
	http_header(out, "Connection", BYTES_LITERAL("Close"));
	http_header(out, "Content-Type", BYTES_LITERAL("application/json"));
	http_headerf(out, "Content-Length", "%zu", json.len);
	http_end_head(out);
	buf_add_bytes(out, json);
}

void conn_answer_ask(struct net *n, int status, struct bytes json)
{
	struct conn *c = n->asker;
	if (!c)
		return;
	CLEANUP(buf_fini) struct buf out;
	buf_init(&out, REPLY_MAX);
	write_answer(&out, status, json);
	n->asker = NULL;
	if (send(c->watch.fd, out.data, out.len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_info("control/restart", "who asked for the restart has gone");
	conn_close(c);
}

bool conn_resume_ask(struct net *n, uint32_t slot, int fd)
{
	struct roster_record *r = net_record(n, slot);
	conn_open(n, fd, true, r->read_before, r->sent_before);
	struct conn *c = list_empty(&n->conns) ? NULL : CONTAINER_OF(n->conns.prev, struct conn, node);
	if (!c || c->watch.fd != fd)
		return false;
	leave_queue(c);
	c->slot = slot;
	c->state = CONN_ASKING;
	timer_cancel(&c->deadline);
	n->asker = c;
	return true;
}

/* ---- parking ---- */

/* Nothing of its next request is consumed: the successor can begin it anew. */
static bool pass_on(struct conn *c)
{
	struct net *n = c->net;
	uint32_t slot = net_take_slot(n);
	if (slot == ROSTER_NONE)
		return false;
	struct roster_record *r = net_record(n, slot);
	r->flags = c->control ? ROSTER_CONTROL : 0;
	r->read_before = c->read_total;
	r->sent_before = c->sent_total;
	atomic_store(&r->kind, ROSTER_FRESH);
	return net_hold(n, slot, c->watch.fd) == 0;
}

void conn_park_all(struct net *n)
{
	LIST_FOR(it, &n->conns)
		if (!pass_on(CONTAINER_OF(it, struct conn, node)))
			n->roster.head->uncarried++;
	/* an answer that is half written or a body that is half read cannot be carried */
	n->roster.head->uncarried += n->n_exchanges - (n->asker ? 1 : 0);
}
