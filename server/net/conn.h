/*
 * A connection until it is a stream, and between finite requests.
 *
 *   HEAD --whole head--> (admit) --> a stream: the descriptor passes over, the conn is freed
 *    ^                      \--> BODY --> ANSWER --keep-alive--> HEAD
 *    |                                       \--> LINGER --> closed
 *    \-- deadline: closed                ASKING: waits for a restart's outcome
 *
 * The head is only peeked at until it is whole, so that a stream's connection can be carried before a
 * byte of it is consumed (takeover.md, rule 2).
 */
#pragma once

#include "lib/base/buf.h"
#include "server/net/exchange.h"
#include "server/net/net.h"

enum conn_state { CONN_HEAD, CONN_BODY, CONN_ANSWER, CONN_LINGER, CONN_ASKING };

/* What exists only while a finite request is answered. */
struct conn_request {
	struct conn *conn;
	char head[HTTP_HEAD_MAX];
	struct http_request parsed;
	struct buf body;
	uint64_t body_len;
	struct exchange x;
	struct buf reply;
	size_t sent;
	uint64_t began_us;
};

struct conn {
	struct watch watch;
	struct list node; /* in net->conns while in HEAD */
	struct net *net;
	struct timer deadline;
	struct conn_request *request;
	uint64_t read_total, sent_total; /* bytes consumed from and written to the connection so far */
	uint32_t slot;                   /* of its roster record where it has one (ASKING), else ROSTER_NONE */
	uint8_t state;
	bool control, keep;
	char ip[46];
};

/* Takes fd. It was accepted (totals 0) or is carried on. */
void conn_open(struct net *n, int fd, bool control, uint64_t read_total, uint64_t sent_total);
void conn_close(struct conn *c);

/* The descriptor passes to a stream; the conn is freed. */
int conn_release_fd(struct conn *c);

/* Answers with a page instead of a stream; the head is not consumed yet. The connection closes after it. */
void conn_refuse(struct conn *c, const struct http_request *q, int status, const char *message);

/* ---- restarts ---- */
/* The connection whose exchange x is. */
struct conn *conn_of_exchange(struct exchange *x);

/* The exchange under way becomes a question to the successor: carried with its record. 0 or -errno. */
int conn_ask(struct conn *c, const char *what);
/* Answers the one that waits in this worker (the restart failed), or one carried here. */
void conn_answer_ask(struct net *n, int status, struct bytes json);
bool conn_resume_ask(struct net *n, uint32_t slot, int fd);

/* Before the worker parks: idle ones are handed to the keeper as fresh, running answers get until deadline_us. */
void conn_park_all(struct net *n);
