#include "server/conf/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name, *path;
} rows[CONF_OVERRIDES] = {
	[CONF_ADMIN_USER] = {"ICECAST_ADMIN_USERNAME", "authentication/admin-user"},
	[CONF_ADMIN_PASSWORD] = {"ICECAST_ADMIN_PASSWORD", "authentication/admin-password"},
	[CONF_SOURCE_PASSWORD] = {"ICECAST_SOURCE_PASSWORD", "authentication/source-password"},
	[CONF_RELAY_PASSWORD] = {"ICECAST_RELAY_PASSWORD", "authentication/relay-password"},
	[CONF_HOSTNAME] = {"ICECAST_HOSTNAME", "hostname"},
	[CONF_LOCATION] = {"ICECAST_LOCATION", "location"},
	[CONF_CLIENTS] = {"ICECAST_MAX_CLIENTS", "limits/clients"},
	[CONF_SOURCES] = {"ICECAST_MAX_SOURCES", "limits/sources"},
};

const char *conf_env_path(enum conf_override o)
{
	return rows[o].path;
}

/* A small file's content without its last newline; NULL with text when it cannot be read. */
static char *read_secret_file(const char *variable, const char *path, struct error *e)
{
	char content[4096];
	FILE *f = fopen(path, "re");
	if (!f) {
		error_set(e, -errno, "%s: %s cannot be read: %s", variable, path, strerror(errno));
		return NULL;
	}
	size_t n = fread(content, 1, sizeof(content) - 1, f);
	fclose(f);
	content[n] = '\0';
	content[strcspn(content, "\r\n")] = '\0';
	return strdup(content);
}

int conf_env_read(struct conf_env *env, const char *(*get)(const char *name), struct error *e)
{
	*env = (struct conf_env){0};
	for (int i = 0; i < CONF_OVERRIDES; i++) {
		char file_name[64];
		snprintf(file_name, sizeof(file_name), "%s_FILE", rows[i].name);
		const char *value = get(rows[i].name), *path = get(file_name);
		if (value && *value)
			env->value[i] = strdup(value);
		else if (path && *path && !(env->value[i] = read_secret_file(file_name, path, e)))
			return -ENOENT;
	}
	return 0;
}

void conf_env_fini(struct conf_env *env)
{
	for (int i = 0; i < CONF_OVERRIDES; i++)
		free(env->value[i]);
	*env = (struct conf_env){0};
}
