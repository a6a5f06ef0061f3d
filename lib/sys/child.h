/*
 * Child processes. The child gets only the descriptors it is given, default
 * signals and an empty signal mask.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/base/buf.h"
#include "lib/base/error.h"

struct child_options {
	const char *const *argv; /* argv[0] is the path (no PATH search unless without a slash) */
	int stdin_fd;            /* -1: /dev/null */
	int stdout_fd;           /* -1: inherited */
	int stderr_fd;           /* -1: inherited */
	const int *keep_fds;     /* kept open under the same numbers */
	size_t n_keep;
	bool die_with_parent;    /* PR_SET_PDEATHSIG SIGTERM */
};

/* Returns the pid, or -errno with text when it could not be started (exec failures included). */
pid_t child_spawn(const struct child_options *o, struct error *e);

/*
 * Runs to the end with a deadline, input on its stdin, its stdout and stderr collected
 * (each up to its buf's max; the rest is read and dropped). Blocking: not for a loop's thread.
 * 0 and *exit_code (128+signal when killed), -ETIMEDOUT (killed), or -errno with text.
 */
int child_run(const char *const *argv, struct bytes input, unsigned timeout_ms, struct buf *out, struct buf *err, int *exit_code,
	struct error *e);
