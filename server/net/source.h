/*
 * A source: a connection whose bytes go onto a mount's tape. What it is lies in
 * its roster record and the mount's; what was read but not decoded in the tape's intake.
 *
 *   socket --recv--> intake --(chunked)--> tape, unpublished --(whole pages)--> tape, published
 */
#pragma once

#include "lib/sys/loop.h"
#include "server/net/net.h"

struct mount;
struct conn;

struct source {
	struct watch watch;
	struct net *net;
	struct mount *mount;
	struct timer silence;
	uint64_t raw_read;  /* body bytes read from the socket so far */
	uint64_t last_us;   /* when the last of them came */
	uint32_t slot, answer_at;
};

/* Takes the connection over as the source of a new mount `name`. 0, or -errno and nothing has changed. */
int source_open(struct net *n, struct conn *c, const struct http_request *q, struct bytes name, struct bytes answer);

/* After a takeover. False when it cannot go on. */
bool source_resume(struct net *n, uint32_t slot, int fd);

/* Ends it; why is for the log. The mount ends with it. */
void source_close(struct source *s, const char *why);
