/*
 * The roster: what must outlive a worker and is no stream byte. One fixed-size
 * record per carried connection, one per mount, the counters, and an arena for preambles
 * and stream headers. It lies in shared memory that the keeper made.
 *
 *   | roster_head | mount records | connection records | arena blocks |
 *
 * A record is written by the worker, and freed by the keeper once it has closed its duplicate of the
 * descriptor. Where a connection stands is not in it: the kernel knows (takeover.md).
 * To whoever reads it after a crash it is foreign bytes: every index is checked by the *_valid functions.
 *
 * Pure: it is handed memory.
 */
#pragma once

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/base/bytes.h"

#define ROSTER_MAGIC 0x53465231u /* "SFR1" */
#define ROSTER_LAYOUT 1
#define ROSTER_NONE UINT32_MAX
#define ROSTER_MOUNTS_MAX 512u
#define ARENA_BLOCK 1024u
#define ARENA_BLOCKS (64u * 1024u) /* 64 MiB of address space; pages are taken as they are used */

enum roster_kind {
	ROSTER_FREE,
	ROSTER_FRESH,    /* carried, nothing of its request consumed or answered */
	ROSTER_LISTENER,
	ROSTER_SOURCE,
	ROSTER_ASK,      /* waits for the outcome of a restart */
	ROSTER_KINDS
};

struct arena_ref {
	uint32_t block, len; /* block ROSTER_NONE: none, or given back; len stays what it was */
};

enum roster_flags {
	ROSTER_WOVEN = 1u << 0,   /* reads the mount's woven tape */
	ROSTER_CONTROL = 1u << 1, /* came over the control socket */
	ROSTER_KEEP = 1u << 2,    /* the request asked to keep the connection */
	ROSTER_CHUNKED = 1u << 3, /* the source's body is chunked */
	ROSTER_SIZED = 1u << 4,   /* the source's body has a length: `start` holds it */
	ROSTER_HEAD_ONLY = 1u << 5,
};

struct roster_record {
	_Atomic uint32_t kind;
	uint32_t generation; /* of the slot: grows with each use */
	uint32_t flags;
	uint32_t mount, mount_generation;
	struct arena_ref preamble; /* what we send first: head, stream headers, ICY entry; or a source's answer */
	uint32_t request_len;
	uint64_t id;
	uint64_t read_before, sent_before; /* bytes on this connection before this request and its answer */
	uint64_t start;                    /* tape offset of the first byte behind the preamble */
	uint64_t since_ms;
	char ip[46];
	char agent[62];
};

static_assert(sizeof(struct roster_record) <= 192, "a roster record is small");

enum mount_format { MOUNT_OTHER, MOUNT_MPEG, MOUNT_OGG };

struct mount_title {
	char title[512], artist[256]; /* UTF-8 */
};

/* The headers a late joiner needs before data of the present link; committed as one. */
struct mount_link {
	struct arena_ref headers; /* block ROSTER_NONE: none needed or not yet complete */
	uint64_t begin;           /* tape offset at which the link began */
	uint64_t data;            /* tape offset behind its headers; with headers: the earliest place to begin */
};

struct mount_record {
	_Atomic uint32_t used;
	uint32_t generation;
	uint32_t source; /* connection slot, or ROSTER_NONE: the source has ended */
	uint32_t format;
	uint32_t has_woven, woven_interval;
	uint64_t woven_from;
	char name[256];
	char content_type[64], stream_name[256], description[512], genre[128], url[256], audio_info[256], user_agent[128], source_ip[46];
	char subtype[32];
	int32_t bitrate, is_public; /* is_public: -1 not told */
	uint64_t since_ms, last_byte_ms;
	_Atomic uint32_t title_version; /* titles[title_version & 1] holds; 0 and never set: empty */
	struct mount_title titles[2];
	_Atomic uint32_t link_version;
	struct mount_link links[2];
	uint64_t bytes_in, bytes_out, listener_connections, slow_listeners;
	uint32_t listener_peak;
};

struct roster_head {
	uint32_t magic, layout;
	uint32_t slots, mounts;
	uint64_t started_ms;
	_Atomic uint64_t next_id;
	/* counters of the whole server; plain: one writer at a time */
	uint64_t client_connections, source_connections, listener_connections, file_connections, stats_connections, bytes_in, bytes_out;
	uint64_t uncarried, restarts, crashes;
	uint32_t draining;
	uint64_t drain_since_ms, drain_deadline_ms;
	/* the config that is running; its bytes are in the keeper's memfd */
	char config_sha256[65];
	uint64_t config_loaded_ms;
	/* the restart that is under way: told by the old worker, answered by the new one */
	uint32_t before_listeners, before_sources;
	uint64_t park_us; /* monotonic: when the old worker stopped serving, or was found dead */
	_Atomic uint64_t tick_us; /* the worker's loop turns */
};

struct roster {
	struct roster_head *head;
	struct mount_record *mounts;
	struct roster_record *records;
	uint8_t *arena;
};

uint64_t roster_bytes(uint32_t slots); /* memory needed */
void roster_format(struct roster *r, void *memory, uint32_t slots, uint64_t now_ms);
bool roster_attach(struct roster *r, void *memory, uint64_t bytes); /* false: another layout or broken */

/* Is the record what a takeover may act upon? mount index, arena reference, kind and flags checked. */
bool roster_record_valid(const struct roster *r, const struct roster_record *rec);
bool mount_record_valid(const struct mount_record *m);

struct bytes arena_bytes(const struct roster *r, struct arena_ref ref); /* empty for none or a broken one */
bool arena_ref_valid(struct arena_ref ref);

struct mount_title mount_title(const struct mount_record *m);
void mount_set_title(struct mount_record *m, struct bytes title, struct bytes artist);
struct mount_link mount_link(const struct mount_record *m);
void mount_set_link(struct mount_record *m, const struct mount_link *link);
