#include "server/conf/schema.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define ROOT(path, type, member, min, max, initial, class, help) \
	{path, type, offsetof(struct conf, member), min, max, initial, class, help}
#define MOUNT(path, type, member, min, max, initial, class, help) \
	{path, type, offsetof(struct conf_mount, member), min, max, initial, class, help}

const struct schema_row schema_root[] = {
	ROOT("location", SCHEMA_TEXT, location, 0, 0, "Earth", CONF_CLASS_HOT, "shown on the status pages"),
	ROOT("admin", SCHEMA_TEXT, admin, 0, 0, "icemaster@localhost", CONF_CLASS_HOT, "shown on the status pages"),
	ROOT("hostname", SCHEMA_TEXT, hostname, 0, 0, "localhost", CONF_CLASS_HOT, "the name in listen URLs and playlists"),
	ROOT("server-id", SCHEMA_TEXT, server_id, 0, 0, NULL, CONF_CLASS_HOT, "the Server header and server_id"),
	ROOT("fileserve", SCHEMA_BOOL, fileserve, 0, 1, "1", CONF_CLASS_RELOAD, "serve files of the webroot"),
	ROOT("limits/clients", SCHEMA_INT, limits.clients, 1, 1000000, "256", CONF_CLASS_RELOAD, "listeners and sources together"),
	ROOT("limits/sources", SCHEMA_INT, limits.sources, 1, 512, "16", CONF_CLASS_RELOAD, "sources at once"),
	ROOT("limits/queue-size", SCHEMA_INT, limits.queue_bytes, 1024, 16 << 20, "512000", CONF_CLASS_RELOAD, "bytes a listener may lag behind"),
	ROOT("limits/burst-size", SCHEMA_INT, limits.burst_bytes, 0, 8 << 20, "65536", CONF_CLASS_RELOAD, "bytes sent at once to a new listener"),
	ROOT("limits/client-timeout", SCHEMA_INT, limits.client_timeout_s, 1, 3600, "30", CONF_CLASS_RELOAD, "seconds for an answer"),
	ROOT("limits/header-timeout", SCHEMA_INT, limits.header_timeout_s, 1, 600, "15", CONF_CLASS_RELOAD, "seconds for a request's head"),
	ROOT("limits/source-timeout", SCHEMA_INT, limits.source_timeout_s, 1, 3600, "10", CONF_CLASS_RELOAD, "seconds a source may be silent"),
	ROOT("authentication/source-user", SCHEMA_TEXT, auth.source_user, 0, 0, "source", CONF_CLASS_RELOAD, "the sources' user name"),
	ROOT("authentication/source-password", SCHEMA_SECRET, auth.source_password, 0, 0, NULL, CONF_CLASS_RELOAD, "the sources' password; required"),
	ROOT("authentication/admin-user", SCHEMA_TEXT, auth.admin_user, 0, 0, "admin", CONF_CLASS_RELOAD, "the administrator's user name"),
	ROOT("authentication/admin-password", SCHEMA_SECRET, auth.admin_password, 0, 0, NULL, CONF_CLASS_RELOAD, "the administrator's password; required"),
	ROOT("authentication/relay-user", SCHEMA_TEXT, auth.relay_user, 0, 0, "relay", CONF_CLASS_RELOAD, "the relays' user name"),
	ROOT("authentication/relay-password", SCHEMA_SECRET, auth.relay_password, 0, 0, NULL, CONF_CLASS_RELOAD, "the relays' password"),
	ROOT("paths/basedir", SCHEMA_TEXT, paths.basedir, 0, 0, NULL, CONF_CLASS_RESTART, "accepted; paths are taken as they are"),
	ROOT("paths/logdir", SCHEMA_TEXT, paths.logdir, 0, 0, NULL, CONF_CLASS_RESTART, "the folder of the logs"),
	ROOT("paths/webroot", SCHEMA_TEXT, paths.webroot, 0, 0, NULL, CONF_CLASS_RESTART, "the folder of the public files"),
	ROOT("paths/adminroot", SCHEMA_TEXT, paths.adminroot, 0, 0, NULL, CONF_CLASS_RESTART, "accepted; the admin pages are built in"),
	ROOT("paths/pidfile", SCHEMA_TEXT, paths.pidfile, 0, 0, NULL, CONF_CLASS_RESTART, "a file with the keeper's process id"),
	ROOT("logging/accesslog", SCHEMA_TEXT, log.accesslog, 0, 0, "access.log", CONF_CLASS_RESTART, "\"-\": standard error"),
	ROOT("logging/errorlog", SCHEMA_TEXT, log.errorlog, 0, 0, "error.log", CONF_CLASS_RESTART, "\"-\": standard error"),
	ROOT("security/chroot", SCHEMA_BOOL, security.chroot, 0, 1, "0", CONF_CLASS_RESTART, "accepted; streamd confines its paths otherwise"),
	ROOT("security/changeowner/user", SCHEMA_TEXT, security.user, 0, 0, NULL, CONF_CLASS_RESTART, "the user to become when started as root"),
	ROOT("security/changeowner/group", SCHEMA_TEXT, security.group, 0, 0, NULL, CONF_CLASS_RESTART, "its group"),
};
const size_t schema_root_n = ARRAY_LEN(schema_root);

const struct schema_row schema_mount[] = {
	MOUNT("mount-name", SCHEMA_TEXT, name, 0, 0, NULL, CONF_CLASS_RELOAD, "the path, or a pattern with * ? []"),
	MOUNT("username", SCHEMA_TEXT, username, 0, 0, NULL, CONF_CLASS_RELOAD, "its source's user name"),
	MOUNT("password", SCHEMA_SECRET, password, 0, 0, NULL, CONF_CLASS_RELOAD, "its source's password"),
	MOUNT("max-listeners", SCHEMA_INT, max_listeners, -1, 1000000, "-1", CONF_CLASS_LISTENERS, "listeners at once; -1: no limit of its own"),
	MOUNT("max-listener-duration", SCHEMA_INT, max_listener_duration_s, -1, INT_MAX, "-1", CONF_CLASS_LISTENERS, "checked; not enforced in this version"),
	MOUNT("burst-size", SCHEMA_INT, burst_bytes, -1, 8 << 20, "-1", CONF_CLASS_RELOAD, "bytes sent at once to a new listener"),
	MOUNT("queue-size", SCHEMA_INT, queue_bytes, -1, 16 << 20, "-1", CONF_CLASS_RELOAD, "bytes a listener may lag behind"),
	MOUNT("source-timeout", SCHEMA_INT, source_timeout_s, -1, 3600, "-1", CONF_CLASS_RELOAD, "seconds its source may be silent"),
	MOUNT("mp3-metadata-interval", SCHEMA_INT, metadata_interval, -1, 1 << 20, "-1", CONF_CLASS_RELOAD, "bytes between ICY titles; 0: none; -1: 16000"),
	MOUNT("charset", SCHEMA_TEXT, charset, 0, 0, NULL, CONF_CLASS_RELOAD, "of titles sent inline: UTF-8 or ISO-8859-1"),
	MOUNT("hidden", SCHEMA_BOOL, hidden, 0, 1, "0", CONF_CLASS_RELOAD, "leave it out of the public pages"),
	MOUNT("no-mount", SCHEMA_BOOL, no_mount, 0, 1, "0", CONF_CLASS_LISTENERS, "refuse direct listeners"),
	MOUNT("public", SCHEMA_INT, is_public, -1, 1, "-1", CONF_CLASS_RELOAD, "overrides what the source says"),
	MOUNT("stream-name", SCHEMA_TEXT, stream_name, 0, 0, NULL, CONF_CLASS_RELOAD, "overrides the source's"),
	MOUNT("stream-description", SCHEMA_TEXT, stream_description, 0, 0, NULL, CONF_CLASS_RELOAD, "overrides the source's"),
	MOUNT("stream-url", SCHEMA_TEXT, stream_url, 0, 0, NULL, CONF_CLASS_RELOAD, "overrides the source's"),
	MOUNT("genre", SCHEMA_TEXT, genre, 0, 0, NULL, CONF_CLASS_RELOAD, "overrides the source's"),
	MOUNT("bitrate", SCHEMA_INT, bitrate, -1, 100000, "-1", CONF_CLASS_RELOAD, "kbit/s; overrides the source's"),
	MOUNT("type", SCHEMA_TEXT, type, 0, 0, NULL, CONF_CLASS_RELOAD, "content type; overrides the source's"),
	MOUNT("fallback-mount", SCHEMA_TEXT, fallback_mount, 0, 0, NULL, CONF_CLASS_RELOAD, "checked for loops; listeners are not moved in this version"),
};
const size_t schema_mount_n = ARRAY_LEN(schema_mount);

const struct schema_ignored schema_ignored[] = {
	{"limits/threadpool", CONF_INFO, "ignored: streamd has no thread pool to size"},
	{"limits/burst-on-connect", CONF_INFO, "ignored: set burst-size to 0 for no burst"},
	{"limits/", CONF_INFO, "ignored: this limit is not in this version"},
	{"server-id/", CONF_INFO, "ignored"},
	{"icelogin", CONF_INFO, "ignored: it never did anything"},
	{"source-password", CONF_WARNING, "ignored: it belongs into <authentication>"},
	{"mime-types", CONF_INFO, "ignored: the types are built in"},
	{"shoutcast-mount", CONF_WARNING, "ignored: SHOUTcast sources are not in this version"},
	{"relays-on-demand", CONF_WARNING, "ignored: relays are not in this version"},
	{"relay/", CONF_WARNING, "ignored: relays are not in this version"},
	{"master-", CONF_WARNING, "ignored: relays are not in this version"},
	{"master/", CONF_WARNING, "ignored: relays are not in this version"},
	{"redirect/", CONF_WARNING, "ignored: redirects are not in this version"},
	{"directory/", CONF_INFO, "ignored: directory announcements are not in this version"},
	{"yp-directory/", CONF_INFO, "ignored: directory announcements are not in this version"},
	{"event-bindings/", CONF_WARNING, "ignored: events are not in this version"},
	{"kartoffelsalat/", CONF_WARNING, "ignored: events are not in this version"},
	{"authentication/", CONF_WARNING, "ignored: roles are not in this version"},
	{"paths/alias", CONF_WARNING, "ignored: aliases are not in this version"},
	{"paths/ssl-certificate", CONF_WARNING, "ignored: TLS is not in this version"},
	{"paths/", CONF_INFO, "ignored in this version"},
	{"logging/logsize", CONF_INFO, "ignored: let logrotate do it, or log to \"-\""},
	{"logging/", CONF_INFO, "ignored in this version"},
	{"security/", CONF_INFO, "ignored in this version"},
	{"listen-socket/shoutcast-mount", CONF_WARNING, "ignored: SHOUTcast sources are not in this version"},
	{"listen-socket/shoutcast-compat", CONF_WARNING, "ignored: SHOUTcast sources are not in this version"},
	{"listen-socket/", CONF_INFO, "ignored in this version"},
	{"mount/authentication", CONF_ERROR, "this version cannot ask listeners for a password, and the mount would be open to all: remove the block or wait for it"},
	{"mount/fallback-override", CONF_WARNING, "ignored: fallback is not in this version"},
	{"mount/fallback-when-full", CONF_WARNING, "ignored: fallback is not in this version"},
	{"mount/dump-file", CONF_WARNING, "ignored: recording is not in this version"},
	{"mount/intro", CONF_WARNING, "ignored: intros are not in this version"},
	{"mount/on-connect", CONF_WARNING, "ignored: programs are not run in this version"},
	{"mount/on-disconnect", CONF_WARNING, "ignored: programs are not run in this version"},
	{"mount/", CONF_INFO, "ignored in this version"},
};
const size_t schema_ignored_n = ARRAY_LEN(schema_ignored);

void schema_init(void *base, const struct schema_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *at = (char *)base + rows[i].offset;
		switch (rows[i].type) {
		case SCHEMA_TEXT:
		case SCHEMA_SECRET:
			*(char **)at = rows[i].initial ? strdup(rows[i].initial) : NULL;
			break;
		case SCHEMA_INT:
			*(int64_t *)at = rows[i].initial ? strtoll(rows[i].initial, NULL, 10) : -1;
			break;
		case SCHEMA_BOOL:
			*(bool *)at = rows[i].initial && rows[i].initial[0] == '1';
			break;
		}
	}
}

void schema_free(void *base, const struct schema_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].type == SCHEMA_TEXT || rows[i].type == SCHEMA_SECRET)
			free(*(char **)((char *)base + rows[i].offset));
}
