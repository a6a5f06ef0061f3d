/*
 * Takes the census of a worker: everything it knows, as copied facts.
 */
#pragma once

#include "server/net/census.h"
#include "server/net/net.h"

void survey(struct net *n, struct census *out);

/* Up to max listeners of the mount; returns how many it has. */
size_t survey_listeners(struct net *n, const char *mount, struct census_listener *out, size_t max);
