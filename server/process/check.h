/*
 * streamd --check and --healthcheck: answers for a person, a script or a container engine.
 */
#pragma once

#include "server/process/start.h"

/* Prints the findings (or the JSON of docs/control-api.md). 0: the file can be run; 1: it cannot. */
int check_config(const struct start_options *o);

/* Asks GET /health on the control socket. 0: healthy. */
int check_health(const struct start_options *o);
