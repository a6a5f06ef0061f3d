#include "lib/fleet/code.h"

#include "lib/base/macros.h"

static const struct code_row rows[] = {
	{400, "bad_request", "no", EXIT_INVALID, NULL},
	{401, "bad_signature", "no", EXIT_REFUSED, "the node or the agent's HTTP door wants other credentials"},
	{403, "forbidden", "no", EXIT_REFUSED, "your rights do not cover this verb on this node"},
	{404, "not_found", "no", EXIT_FAILED, "see `streamctl health NODE` for its mounts"},
	{405, "unsupported", "no", EXIT_INVALID, "this node's agent does not know the verb"},
	{408, "expired", "safe", EXIT_EXPIRED, "it was not started in time and never will be; send it again, and compare the clocks"},
	{409, "replay", "no", EXIT_REFUSED, NULL},
	{412, "precondition", "after", EXIT_BUSY, "somebody changed the node meanwhile; look with `streamctl config get NODE`, then repeat"},
	{413, "too_large", "no", EXIT_INVALID, NULL},
	{415, "retained_command", "no", EXIT_INVALID, NULL},
	{420, "verify_failed", "no", EXIT_HALTED, "the node went back to its previous configuration"},
	{421, "rollback_failed", "no", EXIT_FAILED, "the node could not go back: look at it now"},
	{422, "invalid_config", "no", EXIT_INVALID, "nothing was changed; try `streamctl config validate FILE NODE`"},
	{423, "busy", "after", EXIT_BUSY, "another change is under way; repeat later"},
	{424, "streamd_down", "after", EXIT_FAILED, "streamd does not answer its agent"},
	{425, "clock_unsynced", "after", EXIT_FAILED, "the node's clock is not synchronised"},
	{428, "confirm_timeout", "no", EXIT_HALTED, "it was not confirmed in time; the node went back"},
	{429, "rate_limited", "after", EXIT_FAILED, NULL},
	{499, "canceled", "no", EXIT_FAILED, NULL},
	{500, "internal", "safe", EXIT_FAILED, NULL},
	{503, "interrupted", "safe", EXIT_FAILED, "the agent restarted in the middle; `streamctl cmd get ID NODE` says what took effect"},
	{507, "no_space", "after", EXIT_FAILED, "the node's disk is full or its configuration file cannot be replaced"},
};

const struct code_row *code_row(int code)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].code == code)
			return &rows[i];
	return NULL;
}

const char *code_name(int code)
{
	const struct code_row *row = code_row(code);
	return row ? row->name : "internal";
}
