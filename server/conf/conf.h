/*
 * An icecast.xml as one immutable struct: every value typed, in range and with
 * its default; nothing points into libxml2.
 *
 * A conf is made whole or not at all by conf_parse(), never changed, and freed
 * whole by conf_free(). Bad input is told as findings (file, line, element);
 * rows in conf_schema.c say each element's path, type, range, default and help.
 * Sources: Icecast's config_file documentation; design notes in docs/configuration.md.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/bytes.h"
#include "lib/base/error.h"

#define CONF_FILE_MAX (1u << 20)

struct conf_listen {
	char *address; /* "" : all */
	uint16_t port; /* 0: the kernel chooses */
};

/* An unset text is NULL, an unset number -1: the global value or the source's own holds. */
struct conf_mount {
	char *name; /* "/live"; NULL for type="default" */
	char *username, *password;
	char *stream_name, *stream_description, *stream_url, *genre, *type, *charset;
	char *fallback_mount; /* checked for loops and self-reference; not acted upon yet: said in a finding */
	int64_t bitrate;       /* kbit/s */
	int64_t max_listeners;
	int64_t max_listener_duration_s;
	int64_t burst_bytes;
	int64_t queue_bytes;
	int64_t source_timeout_s;
	int64_t metadata_interval; /* bytes; default 16000 */
	int64_t is_public;         /* -1, 0, 1 */
	bool hidden;
	bool no_mount;
};

struct conf_header {
	char *name, *value;
	int status; /* 0: any */
};

enum conf_override { CONF_ADMIN_USER, CONF_ADMIN_PASSWORD, CONF_SOURCE_PASSWORD, CONF_RELAY_PASSWORD, CONF_HOSTNAME, CONF_LOCATION,
	CONF_CLIENTS, CONF_SOURCES, CONF_OVERRIDES };

/* The ICECAST_* values that win over the file; NULL where not given. Read by conf_env(). */
struct conf_env {
	char *value[CONF_OVERRIDES];
};

struct conf {
	char *location, *admin, *hostname, *server_id;
	struct {
		int64_t clients, sources, queue_bytes, burst_bytes, client_timeout_s, header_timeout_s, source_timeout_s;
	} limits;
	struct {
		char *source_user /* "source" */, *source_password, *admin_user, *admin_password, *relay_user, *relay_password;
	} auth;
	struct conf_listen *listen;
	size_t n_listen;
	struct conf_mount *mounts; /* exact names and wildcards in the file's order; the default mount is last, if any */
	size_t n_mounts;
	struct conf_header *headers;
	size_t n_headers;
	struct {
		char *basedir, *logdir, *webroot, *adminroot, *pidfile;
	} paths;
	bool fileserve;
	struct {
		char *accesslog, *errorlog; /* "-": standard error; NULL: off (accesslog) */
		int level;                  /* 1..4 as enum log_level */
	} log;
	struct {
		bool chroot;
		char *user, *group; /* changeowner; NULL */
	} security;
};

enum conf_severity { CONF_INFO, CONF_WARNING, CONF_ERROR };

struct conf_finding {
	enum conf_severity severity;
	int line, col;  /* 0: unknown */
	char *path;     /* "limits/clients", "mounts[2] /live: fallback-mount" */
	char *msg;      /* what is wrong and what to do */
};

struct conf_findings {
	struct conf_finding *rows;
	size_t n; /* at most 200; a last row says how many more */
};

void conf_findings_fini(struct conf_findings *f);
/* Copies path and msg. Beyond 200 rows only the count grows. */
void conf_findings_add(struct conf_findings *f, enum conf_severity severity, int line, const char *path, const char *msg);
bool conf_findings_have(const struct conf_findings *f, enum conf_severity at_least);
/* Appends [{"severity":..,"line":..,"col":..,"path":..,"msg":..},...] */
void conf_findings_json(const struct conf_findings *f, struct buf *out);
/* "icecast.xml:12: limits/clients: ..." a line each */
void conf_findings_text(const struct conf_findings *f, const char *file, struct buf *out);

/*
 * NULL when a finding is an error. env may be NULL. A secret that is missing, empty or "@keep" is an error
 * (R-CFG-1) unless env gives it. The result is the caller's (conf_free).
 */
struct conf *conf_parse(struct bytes xml, const struct conf_env *env, struct conf_findings *f);
void conf_free(struct conf *c);

/* Reads ICECAST_* and their *_FILE forms through the given getenv-like function. -errno with text when a file cannot be read. */
int conf_env_read(struct conf_env *env, const char *(*get)(const char *name), struct error *e);
void conf_env_fini(struct conf_env *env);
const char *conf_env_path(enum conf_override o); /* "limits/clients" */

/* The built-in default file for a first start, with these passwords in it. */
void conf_default_xml(struct buf *out, const char *source_password, const char *admin_password, const char *relay_password);

/* The settings that hold for a mount: its own section, else the first wildcard that matches, the default section filled in below. */
void conf_mount_for(const struct conf *c, const char *mount, struct conf_mount *out); /* out borrows from c */

/* ---- differences ---- */
enum conf_class { CONF_CLASS_NONE, CONF_CLASS_HOT, CONF_CLASS_RELOAD, CONF_CLASS_LISTENERS, CONF_CLASS_RESTART };

struct conf_change {
	char *path, *old_value, *new_value; /* secrets as "***"; NULL: was or is not there */
	enum conf_class class;
};

struct conf_diff {
	struct conf_change *rows;
	size_t n;
	enum conf_class class; /* the gravest */
};

void conf_diff(const struct conf *before, const struct conf *after, struct conf_diff *out);
void conf_diff_fini(struct conf_diff *d);
const char *conf_class_name(enum conf_class c); /* "none", "hot", "reload", "listeners", "restart" */
/* Appends [{"path":..,"old":..,"new":..,"class":..},...], only those from class `least` to `most`. */
void conf_diff_json(const struct conf_diff *d, enum conf_class least, enum conf_class most, struct buf *out);

/* ---- secrets in the text ---- */
/* The file with each secret's text replaced by "@keep"; layout and comments kept. */
int conf_redact(struct bytes xml, struct buf *out, struct error *e);

/*
 * The file with each "@keep" replaced by the running file's value of the same element (mounts by name).
 * -ENOENT with findings where there is none. *kept and *plain count secrets.
 */
int conf_fill(struct bytes xml, struct bytes running_xml, struct buf *out, unsigned *kept, unsigned *plain, struct conf_findings *f);
