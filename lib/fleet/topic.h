/*
 * Names on the bus (docs/commands.md): ROOT is PREFIX/1/FLEET, below it
 * n/NODE/..., g/GROUP/cmd, keys/KID. Pure.
 */
#pragma once

#include <stdbool.h>

#include "lib/base/buf.h"
#include "lib/base/bytes.h"
#include "lib/base/error.h"

#define FLEET_ID_MAX 40
#define FLEET_ROOT_MAX 200

struct fleet_root {
	char text[FLEET_ROOT_MAX]; /* "sf/1/main" */
	char fleet[FLEET_ID_MAX + 1];
};

/* ^[a-z0-9][a-z0-9-]{0,39}$ */
bool fleet_id_valid(struct bytes s);

/* prefix NULL or "": "sf"; fleet NULL or "": "main". -EINVAL with text. */
int fleet_root_init(struct fleet_root *r, const char *prefix, const char *fleet, struct error *e);

/* ROOT/n/NODE/LEAF; leaf may hold '/'. */
void topic_node(struct buf *out, const struct fleet_root *r, const char *node, const char *leaf);
void topic_group(struct buf *out, const struct fleet_root *r, const char *group);
void topic_result(struct buf *out, const struct fleet_root *r, const char *node, const char *ctl, const char *id);

/* What a topic is below ROOT/n/: node and the leaf after it. False when it is not one of those. */
bool topic_of_node(const struct fleet_root *r, struct bytes topic, struct bytes *node, struct bytes *leaf);

/* The group of ROOT/g/GROUP/cmd. */
bool topic_of_group(const struct fleet_root *r, struct bytes topic, struct bytes *group);
