/*
 * A command on the wire: one JSON object, then up to four `sf1` seal lines
 * (split off; not verified yet). Pure: id, time and names are arguments.
 *
 * {"sf":1,"fleet":"main","to":"paris-1","id":"01JD...","verb":"ping","iat":ms,"ttl_s":60,
 *  "ctl":"ops-7f3k","by":"ops@example","if":{...},"args":{...},"dry_run":false,"reason":"..."}
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/ulid.h"
#include "lib/fleet/digest.h"
#include "lib/fleet/json.h"
#include "lib/fleet/topic.h"

#define COMMAND_BYTES_MAX (64u << 10)
#define COMMAND_TTL_MAX_S 86400u
#define COMMAND_TTL_DEFAULT_S 60u
#define VERB_MAX 40
#define SEALS_MAX 4

/* A command to be written. */
struct envelope {
	const char *fleet, *to, *id, *verb, *ctl, *by;
	uint64_t iat_ms;
	unsigned ttl_s;
	bool has_rev, dry_run;
	uint64_t if_rev;
	const char *reason; /* NULL: none */
	const char *args;   /* a JSON object */
};

void envelope_write(const struct envelope *v, struct buf *out);

/* A command that was read. */
struct command_in {
	struct cJSON *json; /* owned */
	char id[ULID_TEXT_LEN + 1], verb[VERB_MAX + 1], ctl[FLEET_ID_MAX + 1];
	char fleet[FLEET_ID_MAX + 1], to[FLEET_ID_MAX + 3], by[128];
	uint64_t iat_ms, exp_ms;
	unsigned ttl_s, seals;
	bool dry_run;
	char sha256[DIGEST_TEXT_LEN + 1]; /* of the signed bytes: without the seal lines */
};

/*
 * Reads it. 0, or the code (400, 413) with text. Whatever was readable of id and ctl is set even then,
 * so that the answer finds its asker; json may be NULL then.
 */
int envelope_read(struct command_in *c, struct bytes in, struct error *e);
void command_in_fini(struct command_in *c);
