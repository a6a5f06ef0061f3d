/*
 * The codes a command may end with (docs/commands.md): one row each.
 */
#pragma once

#include <stddef.h>

enum code {
	CODE_OK = 0,
	CODE_BAD_REQUEST = 400,
	CODE_BAD_SIGNATURE = 401,
	CODE_FORBIDDEN = 403,
	CODE_NOT_FOUND = 404,
	CODE_UNSUPPORTED = 405,
	CODE_EXPIRED = 408,
	CODE_REPLAY = 409,
	CODE_PRECONDITION = 412,
	CODE_TOO_LARGE = 413,
	CODE_RETAINED = 415,
	CODE_VERIFY_FAILED = 420,
	CODE_ROLLBACK_FAILED = 421,
	CODE_INVALID_CONFIG = 422,
	CODE_BUSY = 423,
	CODE_STREAMD_DOWN = 424,
	CODE_CLOCK = 425,
	CODE_CONFIRM_TIMEOUT = 428,
	CODE_RATE_LIMITED = 429,
	CODE_CANCELED = 499,
	CODE_INTERNAL = 500,
	CODE_INTERRUPTED = 503,
	CODE_NO_SPACE = 507,
};

/* streamctl's exit codes. */
enum exit_code {
	EXIT_ALL_OK = 0,
	EXIT_FAILED = 1,
	EXIT_INVALID = 2,
	EXIT_UNREACHABLE = 3,
	EXIT_EXPIRED = 4,
	EXIT_PARTLY = 5,
	EXIT_REFUSED = 6,
	EXIT_BUSY = 7,
	EXIT_BROKER = 8,
	EXIT_HALTED = 9,
	EXIT_INTERRUPTED = 130,
};

struct code_row {
	int code;
	const char *name, *retry; /* retry: "no", "safe", "after" */
	enum exit_code exit;
	const char *hint; /* for the operator, or NULL */
};

const struct code_row *code_row(int code); /* NULL: unknown */
const char *code_name(int code);           /* "internal" for an unknown one */
