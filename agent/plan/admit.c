#include "agent/plan/admit.h"

#include <string.h>

#include "lib/fleet/code.h"

int admit_target(const struct command_in *c, const struct admit_facts *f, struct error *e)
{
	if (strcmp(c->fleet, f->fleet) != 0)
		return error_set(e, CODE_BAD_REQUEST, "the command is for the fleet \"%s\", this node belongs to \"%s\"", c->fleet, f->fleet);
	if (!f->group && strcmp(c->to, f->node) != 0)
		return error_set(e, CODE_BAD_REQUEST, "the command is for \"%s\", this is %s", c->to, f->node);
	if (f->group && (strncmp(c->to, "g:", 2) != 0 || strcmp(c->to + 2, f->group) != 0))
		return error_set(e, CODE_BAD_REQUEST, "the command is for \"%s\" and came by the topic of the group %s", c->to, f->group);
	if (f->group && f->mutating)
		return error_set(e, CODE_FORBIDDEN, "a group takes only commands that change nothing");
	return 0;
}

int admit_time(const struct command_in *c, const struct admit_facts *f, struct error *e)
{
	if (f->clock_trusted) {
		if (c->iat_ms > f->now_ms + CLOCK_AHEAD_MS)
			return error_set(e, CODE_EXPIRED, "the command's iat is %llu s ahead of this node's clock", (unsigned long long)(c->iat_ms - f->now_ms) / 1000);
		if (f->now_ms > c->exp_ms)
			return error_set(e, CODE_EXPIRED, "the command expired %llu s ago", (unsigned long long)(f->now_ms - c->exp_ms) / 1000);
		return 0;
	}
	if (f->left_s == 0)
		return error_set(e, CODE_EXPIRED, "the command's life was over when it came");
	if (f->left_s < 0 && f->mutating)
		return error_set(e, CODE_CLOCK, "this node's clock is not set, and the message says nothing of its age");
	return 0;
}
