/*
 * Everything streamd answers that is not a stream or a file: rows of (method,
 * path, right, handler). Icecast's admin calls, status pages, health, metrics and
 * the control API.
 *
 * Handlers are given facts (census, conf) and a table of what may be done; they
 * touch no socket. Authorization is one pure function (R-AUTH-2), deny by default.
 */
#pragma once

#include <stdbool.h>

#include "lib/base/error.h"
#include "server/conf/conf.h"
#include "server/net/census.h"
#include "server/net/exchange.h"

struct admin_reload {
	bool ok;
	char sha256[65];
	struct conf_findings findings;
	struct conf_diff diff; /* rows of class restart are what needs a restart */
};

/* What the server can do for the admin room; embedded by the worker. Errors: -ENOENT no such mount or source. */
struct admin_host {
	const struct conf *(*conf)(struct admin_host *h);
	struct bytes (*conf_xml)(struct admin_host *h); /* the running file's bytes */
	const struct conf_env *(*conf_env)(struct admin_host *h);
	void (*census)(struct admin_host *h, struct census *out);
	/* up to max listeners of the mount into out; returns how many there are */
	size_t (*listeners)(struct admin_host *h, const char *mount, struct census_listener *out, size_t max);
	int (*kill_source)(struct admin_host *h, const char *mount);
	int (*kill_listener)(struct admin_host *h, const char *mount, uint64_t id);
	/* -ENOTSUP: the format carries no titles from outside. title is UTF-8. */
	int (*set_title)(struct admin_host *h, const char *mount, struct bytes title);
	void (*reload)(struct admin_host *h, struct admin_reload *out); /* out is the caller's: admin_reload_fini() */
	/* Starts a takeover; the answer is given by the successor, or by admin_restart_failed. Sets x->deferred on success. */
	int (*restart)(struct admin_host *h, struct exchange *x, unsigned timeout_ms, struct error *e);
	void (*drain)(struct admin_host *h, uint64_t deadline_s); /* 0: none */
	void (*undrain)(struct admin_host *h);
	void (*stop)(struct admin_host *h);
	void (*digest)(struct bytes data, char hex[65]); /* sha256 */
};

void admin_reload_fini(struct admin_reload *r);

/* The successor's answer to POST /v1/restart, and the old worker's when there is none. JSON into out. */
struct admin_restarted {
	uint32_t listeners_before, listeners_after, sources_before, sources_after;
	double pause_ms;
	uint32_t lost;
	int worker_pid;
};
void admin_restart_answer(const struct admin_restarted *facts, struct buf *out);
void admin_restart_failed(const char *why, struct buf *out);

/*
 * Answers x if its path is one of ours (x->status is set), else leaves x->status 0.
 * is_stream_path: a mount, alias or file of that name exists, so /health, /ready and /metrics give way to it.
 */
void admin_handle(struct admin_host *h, struct exchange *x, bool is_stream_path);

/* The pages that need no password and no host, for tests and for the worker's own use. */
void admin_status_json(const struct census *c, const struct conf *conf, const char *only_mount, struct buf *out);
void admin_stats_xml(const struct census *c, const struct conf *conf, const char *only_mount, struct buf *out);
void admin_metrics(const struct census *c, bool with_hidden, struct buf *out);
void admin_control_status(const struct census *c, const struct conf *conf, struct buf *out);

/* Icecast's refusals: 401 with its text and realm; an error page with its wording. */
void admin_unauthorized(struct exchange *x);
void admin_error_page(struct exchange *x, int status, const char *message);
