/*
 * One request that is not a stream and its answer: a finite body both ways.
 * The connection that reads the request owns the exchange; a handler fills in
 * the answer before it returns, unless it defers.
 */
#pragma once

#include <stdbool.h>

#include "lib/base/buf.h"
#include "lib/http/request.h"

struct exchange {
	/* the request, borrowed until the answer is given */
	const struct http_request *request;
	struct bytes body;
	const char *peer_ip;
	bool control; /* it came over the control socket: everything is allowed */

	/* the answer */
	int status; /* 0: no handler took it */
	const char *content_type;
	struct buf headers; /* further header lines, each ended by CRLF */
	struct buf out;     /* the body */
	bool deferred;      /* the answer comes later, from elsewhere */
	bool close;         /* close the connection after the answer */
};
