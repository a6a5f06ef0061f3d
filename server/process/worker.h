/*
 * The worker: every protocol, one loop. Forked from the keeper with everything it
 * holds; it gets ready, says so, waits for GO, takes over what there is, and serves until it is told
 * to park or quit, or dies.
 */
#pragma once

#include "server/net/vault.h"

/* Never returns. v is this process's own copy, its descriptors included. */
_Noreturn void worker_main(struct vault *v, int link, int access_fd);
