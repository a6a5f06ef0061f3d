/*
 * What streamd was asked to do: its options, and everything that is done once
 * before the keeper's loop turns: files read, sockets bound, privileges dropped.
 */
#pragma once

#include <stdbool.h>

#include "lib/base/error.h"
#include "server/conf/conf.h"
#include "server/net/vault.h"

struct start_options {
	const char *config;  /* NULL: the built-in default, kept in state_folder */
	const char *control; /* NULL: /run/streamfleet/streamd.sock */
	const char *state_folder;
	int ready_fd;        /* -1: none */
	bool background, json;
};

#define START_STATE_FOLDER "/var/lib/streamfleet"
#define START_CONTROL "/run/streamfleet/streamd.sock"

/* A configuration that was read: its bytes and what they mean. */
struct start_config {
	char path[512];
	struct buf xml;
	struct conf_env env;
	struct conf *conf;
	struct conf_findings findings;
};

/* Reads path (or makes the default file). 0, or -errno with text; findings are set where the file is wrong. */
int start_read(struct start_config *c, const struct start_options *o, struct error *e);
void start_config_fini(struct start_config *c);

/* Binds and makes what the vault holds. */
int start_vault(struct vault *v, const struct start_config *c, const struct start_options *o, struct error *e);

/* Hands the control socket to the user of <changeowner>, before privileges go. */
int start_share_control(const struct vault *v, const struct conf *conf, struct error *e);

/* Becomes the user of <changeowner>; refuses root without it. */
int start_drop_privileges(const struct conf *conf, struct error *e);

/* Where the logs go; access_fd -1: off. */
int start_logs(const struct conf *conf, int *access_fd, struct error *e);
