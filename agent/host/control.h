/*
 * Calls of streamd's control API (docs/control-api.md). Blocking: for the
 * lanes' and the observer's threads. Thread-safe.
 */
#pragma once

#include "lib/base/buf.h"
#include "lib/base/error.h"

#define CONTROL_ANSWER_MAX (4u << 20)

/*
 * answer is the caller's, initialised with CONTROL_ANSWER_MAX. 0 with *status and the JSON, whatever they say;
 * -ECONNREFUSED (no streamd there), -ETIMEDOUT, -EIO, with text.
 */
int control_call(const char *socket, const char *method, const char *path, struct bytes body, unsigned timeout_ms, int *status, struct buf *answer,
	struct error *e);
