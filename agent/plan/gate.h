/*
 * Did a change go well? A snapshot from before is compared with how things are
 * now, against the gate that the command set. Pure: snapshots come from the
 * JSON of streamd's GET /v1/status.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/error.h"

struct cJSON;

#define GATE_MOUNTS_MAX 200
#define GATE_MOUNT_MAX 128

struct gate {
	unsigned min_healthy_s;       /* how long it must hold */
	unsigned deadline_s;          /* until when it must hold */
	double max_listener_loss_pct; /* of those before */
	bool same_sources;            /* every mount that had a source has one again */
};

struct snapshot {
	uint64_t listeners, sources, mount_count;
	char mounts[GATE_MOUNTS_MAX][GATE_MOUNT_MAX]; /* with a source */
	bool broker_up;
	bool serving;
};

/* args.gate, with defaults: 3 s healthy, 60 s deadline, 2 %, same sources. 0 or -EINVAL with text. */
int gate_read(struct gate *g, const struct cJSON *args, struct error *e);

/* status: GET /v1/status. False when it is none. */
bool snapshot_read(struct snapshot *s, const struct cJSON *status);
void snapshot_write(const struct snapshot *s, struct buf *out); /* as JSON, readable by snapshot_read */

/* True when now passes; else why is set, for people. */
bool gate_passes(const struct gate *g, const struct snapshot *before, const struct snapshot *now, struct error *why);

/* Appends the result's "impact" object. */
void gate_impact(const struct snapshot *before, const struct snapshot *after, double gap_ms_max, struct buf *out);
