/*
 * A mount at run time: its tapes mapped, its format's parser, its listeners and
 * the tick that serves them. Everything that must outlive the worker is in its
 * mount record and tapes.
 *
 *   LIVE (a source feeds it) --source ends--> ENDING (listeners drink up) --last one gone--> freed
 */
#pragma once

#include "lib/sys/loop.h"
#include "server/net/net.h"
#include "server/stream/mpeg.h"
#include "server/stream/ogg.h"
#include "server/stream/tape.h"
#include "server/stream/weave.h"

struct source;

struct mount {
	struct net *net;
	uint32_t index;
	struct mount_record *record;
	struct conf_mount settings; /* borrowed from net->conf; fetched again at a reload */
	struct tape plain, woven;
	uint64_t ring_bytes;
	int plain_fd, woven_fd;     /* the worker's own, to be handed to the keeper */
	bool has_woven;
	struct weave weave;
	struct mpeg mpeg;
	struct ogg *ogg;
	uint64_t scan;              /* plain offset up to which sync points were looked for */
	struct source *source;
	uint32_t *seats;            /* slots of its listeners */
	uint32_t n_seats, room;
	uint32_t shard;             /* the next one to be served */
	struct timer tick, end;
	uint64_t served_us;
	struct buf headers;         /* of the Ogg link that is being read, until complete */
};

/* A mount for a new source. NULL when the table is full or memory is short. */
struct mount *mount_open(struct net *n, struct bytes name, enum mount_format format);

/* After a takeover. NULL and the record freed when its memory makes no sense. */
struct mount *mount_resume(struct net *n, uint32_t index, int plain_fd, int woven_fd);

/* The mount of that name with a live source, or NULL. */
struct mount *mount_find(struct net *n, struct bytes name);

/* Its settings under the configuration that holds now. */
void mount_settle(struct mount *m);
uint64_t mount_burst_bytes(const struct mount *m);
uint64_t mount_queue_bytes(const struct mount *m);

/* The writer's turn: fill holds decoded bytes; looks for pages and frames, publishes, serves. False: drop the source (why in *why). */
bool mount_advance(struct mount *m, struct tape_state *s, const char **why);

/* Makes the woven tape if it is not there yet. False when it cannot be. */
bool mount_need_woven(struct mount *m);

void mount_seat(struct mount *m, struct listener *l);
void mount_unseat(struct mount *m, struct listener *l);

/* The source is gone: listeners get what is there, then are closed. */
void mount_end(struct mount *m);

/* UTF-8. False when the format carries no titles from outside. */
bool mount_change_title(struct mount *m, struct bytes title, struct bytes artist);
/* The present title as an ICY metadata block. */
void mount_title_block(const struct mount *m, struct buf *out);
