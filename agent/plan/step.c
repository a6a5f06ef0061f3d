#include "agent/plan/step.h"

#include <stddef.h>

#include "lib/base/macros.h"

static const struct row {
	const char *name;
	enum recovery recovery;
} rows[] = {
	[STEP_NONE] = {"", RECOVERY_DISCARD}, [STEP_STAGE] = {"stage", RECOVERY_DISCARD}, [STEP_VALIDATE] = {"validate", RECOVERY_DISCARD},
	[STEP_PLAN] = {"plan", RECOVERY_DISCARD}, [STEP_SNAPSHOT] = {"snapshot", RECOVERY_DISCARD}, [STEP_APPLY] = {"apply", RECOVERY_VERIFY},
	[STEP_ACTIVATE] = {"activate", RECOVERY_VERIFY}, [STEP_VERIFY] = {"verify", RECOVERY_RESUME}, [STEP_SOAK] = {"soak", RECOVERY_RESUME},
	[STEP_COMMIT] = {"commit", RECOVERY_RESUME}, [STEP_ROLLBACK] = {"rollback", RECOVERY_ROLLBACK},
};

const char *step_name(enum step s) { return rows[s].name; }

enum step step_of(struct bytes name)
{
	for (size_t i = 1; i < ARRAY_LEN(rows); i++)
		if (bytes_is(name, rows[i].name))
			return (enum step)i;
	return STEP_NONE;
}

enum recovery step_recovery(enum step last) { return rows[last].recovery; }
