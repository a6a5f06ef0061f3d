/*
 * One finite outgoing HTTP request over libcurl: blocking, with a deadline and
 * a cap on the answer (R-DOS-3: at most 3 redirects). Not for a loop's thread.
 * This room is the only includer of libcurl.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/error.h"

struct fetch_request {
	const char *method;       /* "GET", "POST", ... */
	const char *url;          /* http or https */
	const char *unix_socket;  /* path of a Unix socket to talk to instead, or NULL */
	const char *content_type; /* of body, or NULL */
	struct bytes body;        /* empty: none */
	const char *bearer;       /* token, or NULL; never logged */
	const char *basic;        /* "user:password", or NULL; never logged */
	const char *ca_file;      /* trust this file instead of the system's, or NULL */
	unsigned timeout_ms;      /* the whole request; 0: 10 s */
	unsigned connect_timeout_ms; /* 0: timeout_ms */
};

struct fetch_response {
	int status;
	struct buf body; /* the caller's: buf_init(max) before, buf_fini after */
};

/* Once, before threads. */
int fetch_init(void);

/*
 * 0 with the status and body (whatever the status is), -ECONNREFUSED or -ENOENT (nobody answers),
 * -ETIMEDOUT, -EFBIG (body longer than its buf's max), -EPROTO, -EIO; with text.
 */
int fetch(const struct fetch_request *q, struct fetch_response *r, struct error *e);
