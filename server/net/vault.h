/*
 * What the keeper holds for the worker: listening sockets, a duplicate of each
 * carried connection by roster slot, the tapes' memfds, the roster and the running
 * configuration. A worker is forked from the keeper, so it is born with all of it; what changes while
 * it is getting ready comes as messages (link.h).
 *
 * Plain tables; the process that uses them owns its descriptors.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/bytes.h"
#include "server/stream/roster.h"

#define VAULT_DOORS_MAX 16u

enum vault_tape { VAULT_PLAIN, VAULT_WOVEN, VAULT_TAPES };

struct vault_door {
	int fd;
	char address[64];
	uint16_t port;
};

struct vault {
	uint32_t slots;
	int *connection;     /* by slot; -1: none */
	uint32_t *generation;
	int tape[ROSTER_MOUNTS_MAX][VAULT_TAPES];
	struct vault_door doors[VAULT_DOORS_MAX];
	uint32_t n_doors;
	int control;         /* the control API's listening socket */
	char control_path[108];
	int roster_fd;
	int config;          /* memfd with the running icecast.xml's bytes */
	char config_path[512];
};

int vault_init(struct vault *v, uint32_t slots);
void vault_fini(struct vault *v); /* closes everything */

/* Takes fd; an older one in its place is closed. False for a slot that does not exist (fd is closed). */
bool vault_put_connection(struct vault *v, uint32_t slot, uint32_t generation, int fd);
/* Closes it. False when it holds none of that generation. */
bool vault_drop_connection(struct vault *v, uint32_t slot, uint32_t generation);
bool vault_put_tape(struct vault *v, uint32_t mount, uint32_t which, int fd);
void vault_drop_tape(struct vault *v, uint32_t mount, uint32_t which);
uint32_t vault_connections(const struct vault *v);
