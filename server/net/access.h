/*
 * The access log: NCSA combined with the seconds behind it, as Icecast writes it.
 * One write(2) a line; injection is impossible (escape_log). The path is logged without its query.
 */
#pragma once

#include "server/net/net.h"

/* A finite request that was answered. */
void access_request(struct net *n, const char *ip, const struct http_request *q, int status, uint64_t body_bytes, uint64_t began_us);

/* A stream that ended: its record and how many bytes its connection carried. */
void access_stream(struct net *n, const struct roster_record *r, const char *mount, int fd);
