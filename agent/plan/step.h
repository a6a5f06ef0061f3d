/*
 * The steps of a configuration's change, and what is to be done about one that
 * the agent was killed in. Pure.
 *
 *   stage → validate → plan → snapshot → apply → activate → verify → soak → commit
 *      └────── nothing has changed ───────┘        └── any failure ─→ rollback
 */
#pragma once

#include "lib/base/bytes.h"

enum step { STEP_NONE, STEP_STAGE, STEP_VALIDATE, STEP_PLAN, STEP_SNAPSHOT, STEP_APPLY, STEP_ACTIVATE, STEP_VERIFY, STEP_SOAK, STEP_COMMIT, STEP_ROLLBACK };

#define STEP_RECORDS_MAX 28 /* more of them for one command: it goes round in circles */

enum recovery {
	RECOVERY_DISCARD,  /* nothing has changed */
	RECOVERY_VERIFY,   /* activate it again, verify, else roll back */
	RECOVERY_RESUME,   /* go on with the old deadlines */
	RECOVERY_ROLLBACK,
};

const char *step_name(enum step s);
enum step step_of(struct bytes name); /* STEP_NONE: none of them */
enum recovery step_recovery(enum step last);
