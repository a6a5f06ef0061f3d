/*
 * What a request wants: a stream, to be a stream, or a finite answer; and whether
 * it may. The refusals are Icecast's.
 */
#pragma once

#include "server/net/conn.h"

enum admit {
	ADMIT_TAKEN,    /* the connection became a stream: the conn is gone */
	ADMIT_REFUSED,  /* conn_refuse() has answered */
	ADMIT_EXCHANGE, /* a finite request: read it and let the handler answer */
};

enum admit admit(struct conn *c, const struct http_request *q);

/* Does a mount with a source, or a file, of that (encoded) path exist? */
bool admit_is_stream_path(struct net *n, struct bytes path);

/* The answers that need no handler: playlists of mounts, OPTIONS, 404. */
void admit_fallback(struct net *n, struct exchange *x);

/* Icecast's error page. */
void admit_error_page(struct exchange *x, int status, const char *message);
