/*
 * What the agent was told, from the environment and from a file of NAME=VALUE
 * lines with the same names (the environment wins). docs/agent.md lists them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/bus/broker.h"
#include "lib/fleet/topic.h"

#define SETTINGS_LABELS_MAX 16
#define SETTINGS_CREDENTIALS_MAX 16

struct label {
	char name[41], value[121];
};

/* Who may use the HTTP door, and for what. */
struct credential {
	char user[64], token[128], scopes[160]; /* scopes: "read,config" or "*" */
};

struct settings {
	struct fleet_root root;
	char node[FLEET_ID_MAX + 1];
	struct label labels[SETTINGS_LABELS_MAX];
	size_t n_labels;
	struct broker brokers[BROKERS_MAX];
	size_t n_brokers;
	char http_host[64];
	uint16_t http_port;
	struct credential credentials[SETTINGS_CREDENTIALS_MAX];
	size_t n_credentials;
	bool require_tls, trust_proxy_tls, readiness_auth;
	char state[300];    /* folder of the agent's own files */
	char control[108];  /* streamd's control socket */
	char config[400];   /* streamd's file */
	bool config_given;  /* false: streamd makes its own at its first start */
	bool child;         /* we start streamd; else it runs elsewhere */
	char streamd[400];  /* its program */
	char crash_at[40];  /* for tests: end as by kill -9 when this step has been journalled; "" in life */
	int ready_fd;       /* -1: none */
};

/* file NULL: only the environment. 0 or -EINVAL, -EACCES, -errno with text that names the setting. */
int settings_read(struct settings *s, const char *file, struct error *e);

const char *settings_label(const struct settings *s, const char *name); /* NULL: not set */
