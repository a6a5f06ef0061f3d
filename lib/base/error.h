/*
 * Text that an operator will read, written where the fact is known and given
 * context on the way up: "mounts[2] /live: fallback-mount: loops back to itself".
 *
 * A struct error is the caller's storage and is the last parameter. Functions
 * that take one return 0 or a negative errno and set the text on failure.
 */
#pragma once

#include <stdbool.h>

#include "lib/base/macros.h"

#define ERROR_TEXT_MAX 512

struct error {
	char text[ERROR_TEXT_MAX]; /* empty: no error; always NUL-terminated, truncated at a UTF-8 boundary */
};

void error_clear(struct error *e);
bool error_is_set(const struct error *e);

/* Sets the text. e may be NULL. Returns code, so that "return error_set(e, -EINVAL, ...)" reads well. */
int error_set(struct error *e, int code, const char *fmt, ...) PRINTF(3, 4);

/* Puts "context: " before the present text. Returns code. */
int error_wrap(struct error *e, int code, const char *fmt, ...) PRINTF(3, 4);
