/*
 * The keeper: small and calm. It holds the listening sockets, a duplicate of every
 * live connection and the shared memory, and starts the workers. It parses nothing from the network.
 *
 *            fork                 READY, GO
 *   (none) --------> next ----------------------> active ----exit----> (none)
 *                     |  while active serves: TAKING OVER
 *                     |  READY: PARK to active; active ends: GO to next
 *                     \-- not ready in time, or dead: killed, NOT_READY to active
 *   active dies unasked: a new one is forked and gets GO at once; it is born with everything the keeper holds.
 */
#pragma once

#include "server/net/vault.h"
#include "server/process/start.h"

/* Runs until streamd ends. Takes the vault. Returns the exit code. */
int keeper_run(struct vault *v, const struct start_options *o, const struct conf *conf, int access_fd);
