#include "agent/plan/gate.h"

#include <errno.h>
#include <string.h>

#include "lib/base/escape.h"
#include "lib/base/macros.h"
#include "lib/fleet/json.h"

#define DEADLINE_MAX_S 3600

static int read_seconds(const struct cJSON *gate, const char *name, unsigned *out, struct error *e)
{
	uint64_t value;
	if (!json_at(gate, name))
		return 0;
	if (!json_whole(gate, name, &value) || value > DEADLINE_MAX_S)
		return error_set(e, -EINVAL, "args.gate.%s: 0 to 3600 seconds are wanted", name);
	*out = (unsigned)value;
	return 0;
}

int gate_read(struct gate *g, const struct cJSON *args, struct error *e)
{
	const struct cJSON *gate = json_at(args, "gate");
	*g = (struct gate){.min_healthy_s = 3, .deadline_s = 60, .max_listener_loss_pct = 2, .same_sources = true};
	int r = read_seconds(gate, "min_healthy_s", &g->min_healthy_s, e);
	if (r == 0)
		r = read_seconds(gate, "deadline_s", &g->deadline_s, e);
	g->max_listener_loss_pct = json_number(gate, "max_listener_loss_pct", g->max_listener_loss_pct);
	g->same_sources = strcmp(json_text(gate, "min_sources", "same"), "same") == 0;
	return r;
}

bool snapshot_read(struct snapshot *s, const struct cJSON *status)
{
	*s = (struct snapshot){0};
	if (!json_whole(status, "listeners", &s->listeners) || !json_whole(status, "sources", &s->sources))
		return false;
	const char *state = json_text(status, "state", "serving");
	s->serving = strcmp(state, "serving") == 0 || strcmp(state, "draining") == 0;
	s->broker_up = json_true(status, "broker_up");
	for (const struct cJSON *m = json_first(json_at(status, "mounts")); m && s->mount_count < GATE_MOUNTS_MAX; m = json_next(m))
		if (json_true(m, "source") && bytes_copy(bytes_of(json_text(m, "mount", "")), s->mounts[s->mount_count], GATE_MOUNT_MAX))
			s->mount_count++;
	return true;
}

void snapshot_write(const struct snapshot *s, struct buf *out)
{
	buf_addf(out, "{\"listeners\":%llu,\"sources\":%llu,\"broker_up\":%s,\"mounts\":[", (unsigned long long)s->listeners, (unsigned long long)s->sources,
		s->broker_up ? "true" : "false");
	for (size_t i = 0; i < s->mount_count; i++) {
		buf_adds(out, i ? ",{\"source\":true,\"mount\":" : "{\"source\":true,\"mount\":");
		escape_json_string(out, bytes_of(s->mounts[i]));
		buf_addc(out, '}');
	}
	buf_adds(out, "]}");
}

static bool has_mount(const struct snapshot *s, const char *mount)
{
	for (size_t i = 0; i < s->mount_count; i++)
		if (strcmp(s->mounts[i], mount) == 0)
			return true;
	return false;
}

bool gate_passes(const struct gate *g, const struct snapshot *before, const struct snapshot *now, struct error *why)
{
	if (!now->serving)
		return error_set(why, 0, "streamd is not serving"), false;
	for (size_t i = 0; g->same_sources && i < before->mount_count; i++)
		if (!has_mount(now, before->mounts[i]))
			return error_set(why, 0, "the source of %s is not back (%llu of %llu are)", before->mounts[i], (unsigned long long)now->sources,
				(unsigned long long)before->sources), false;
	double lost = before->listeners > now->listeners ? (double)(before->listeners - now->listeners) : 0;
	if (lost * 100 > g->max_listener_loss_pct * (double)before->listeners)
		return error_set(why, 0, "%.0f of %llu listeners are gone, %.3g %% are allowed", lost, (unsigned long long)before->listeners,
			g->max_listener_loss_pct), false;
	if (before->broker_up && !now->broker_up)
		return error_set(why, 0, "the link to the broker is not back"), false;
	return true;
}

void gate_impact(const struct snapshot *before, const struct snapshot *after, double gap_ms_max, struct buf *out)
{
	uint64_t dropped = before->listeners > after->listeners ? before->listeners - after->listeners : 0;
	buf_addf(out, "{\"listeners_before\":%llu,\"listeners_after\":%llu,\"dropped\":%llu,\"sources_before\":%llu,\"sources_after\":%llu,\"gap_ms_max\":%.1f}",
		(unsigned long long)before->listeners, (unsigned long long)after->listeners, (unsigned long long)dropped, (unsigned long long)before->sources,
		(unsigned long long)after->sources, gap_ms_max);
}
