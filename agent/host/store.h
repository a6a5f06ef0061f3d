/*
 * The configuration file of the streamd that is minded, and the revisions kept
 * of it: FOLDER/revisions/N.xml (0600; they hold the node's secrets) and
 * FOLDER/config.json, which says what is committed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/error.h"

#define STORE_KEPT 10
#define STORE_CONFIG_MAX (1u << 20)

struct store {
	char config[512]; /* the file that streamd reads */
	char folder[400];
};

struct store_committed {
	uint64_t rev, applied_ms;
	char sha256[65]; /* of the file; "" : nothing was ever committed by us */
};

int store_open(struct store *s, const char *config, const char *folder, struct error *e);

int store_read_config(const struct store *s, struct buf *out, struct error *e);

/* Keeps xml as revision rev. */
int store_stage(const struct store *s, uint64_t rev, struct bytes xml, struct error *e);
int store_read(const struct store *s, uint64_t rev, struct buf *out, struct error *e); /* -ENOENT: not kept */
void store_discard(const struct store *s, uint64_t rev);

/* Can the file be replaced at all? -EBUSY and the like with text (a file that is bind-mounted on its own cannot). */
int store_check(const struct store *s, struct error *e);

/* Revision rev becomes the file that streamd reads: renamed over it, folder synced, owner and mode as before. */
int store_install(const struct store *s, uint64_t rev, struct error *e);

/* Remembers what is committed and forgets all but the last STORE_KEPT revisions. */
int store_commit(const struct store *s, const struct store_committed *c, struct error *e);

/* The text of FOLDER/config.json, for whoever reads JSON. -ENOENT: none. */
int store_committed_text(const struct store *s, struct buf *out, struct error *e);
