#include "server/process/start.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/tcp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/base64.h"
#include "lib/sys/clock.h"
#include "lib/sys/file.h"
#include "lib/sys/log.h"
#include "lib/sys/shm.h"
#include "lib/sys/sock.h"
#include "server/process/digest.h"

#define BACKLOG 4096

/* ---- the file ---- */

static void random_password(struct buf *out)
{
	char raw[18];
	clock_random(raw, sizeof(raw));
	base64url_encode(out, (struct bytes){raw, sizeof(raw)});
}

static int keep_passwords(const char *folder, const char *source, const char *admin, const char *relay, struct error *e)
{
	char path[600];
	CLEANUP(buf_fini) struct buf text;
	snprintf(path, sizeof(path), "%s/passwords", folder);
	buf_init(&text, 1024);
	buf_addf(&text, "source %s\nadmin %s\nrelay %s\n", source, admin, relay);
	int r = file_replace(path, buf_bytes(&text), 0600, e);
	if (r == 0)
		log_warn("start/passwords", "random passwords were made at this first start; read them in %s", path);
	return r;
}

static int make_default(const struct start_config *c, const char *folder, struct error *e)
{
	CLEANUP(buf_fini) struct buf source;
	CLEANUP(buf_fini) struct buf admin;
	CLEANUP(buf_fini) struct buf relay;
	CLEANUP(buf_fini) struct buf xml;
	buf_init(&source, 64);
	buf_init(&admin, 64);
	buf_init(&relay, 64);
	buf_init(&xml, CONF_FILE_MAX);
	random_password(&source);
	random_password(&admin);
	random_password(&relay);
	int r = file_make_folders(folder, 0750, e);
	if (r == 0)
		r = keep_passwords(folder, buf_text(&source), buf_text(&admin), buf_text(&relay), e);
	if (r < 0)
		return r;
	conf_default_xml(&xml, buf_text(&source), buf_text(&admin), buf_text(&relay));
	return file_replace(c->path, buf_bytes(&xml), 0600, e);
}

static const char *env_get(const char *name)
{
	return getenv(name);
}

int start_read(struct start_config *c, const struct start_options *o, struct error *e)
{
	*c = (struct start_config){0};
	buf_init(&c->xml, CONF_FILE_MAX);
	int r = conf_env_read(&c->env, env_get, e);
	if (r < 0)
		return r;
	if (o->config)
		bytes_copy(bytes_of(o->config), c->path, sizeof(c->path));
	else
		snprintf(c->path, sizeof(c->path), "%s/icecast.xml", o->state_folder);
	if (!o->config && access(c->path, F_OK) < 0 && (r = make_default(c, o->state_folder, e)) < 0)
		return r;
	r = file_read(c->path, CONF_FILE_MAX, &c->xml, e);
	if (r < 0)
		return r;
	c->conf = conf_parse(buf_bytes(&c->xml), &c->env, &c->findings);
	return c->conf ? 0 : error_set(e, -EINVAL, "%s: the configuration is not valid", c->path);
}

void start_config_fini(struct start_config *c)
{
	conf_free(c->conf);
	conf_findings_fini(&c->findings);
	conf_env_fini(&c->env);
	buf_fini(&c->xml);
}

/* ---- sockets and memory ---- */

static int open_doors(struct vault *v, const struct conf *conf, struct error *e)
{
	int one = 1;
	if (conf->n_listen > VAULT_DOORS_MAX)
		return error_set(e, -E2BIG, "listen-socket: at most %u", VAULT_DOORS_MAX);
	for (size_t i = 0; i < conf->n_listen; i++) {
		int fd = sock_listen_tcp(conf->listen[i].address, conf->listen[i].port, BACKLOG, e);
		if (fd < 0)
			return error_wrap(e, fd, "listen-socket[%zu]", i + 1);
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)); /* accepted sockets inherit it */
		struct vault_door *d = &v->doors[v->n_doors++];
		d->fd = fd;
		d->port = sock_local_port(fd);
		bytes_copy(bytes_of(conf->listen[i].address), d->address, sizeof(d->address));
	}
	return 0;
}

static int open_control(struct vault *v, const char *path, struct error *e)
{
	char folder[sizeof(v->control_path)];
	const char *slash = strrchr(path, '/');
	bytes_copy(bytes_of(path), v->control_path, sizeof(v->control_path));
	if (slash && slash != path) {
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
		if (access(folder, F_OK) < 0 && file_make_folders(folder, 0755, NULL) < 0)
			return error_set(e, -errno, "--control %s: its folder cannot be made: %s", path, strerror(errno));
	}
	v->control = sock_listen_unix(path, 0660, e);
	return v->control < 0 ? error_wrap(e, v->control, "--control") : 0;
}

/* One slot a descriptor the process may have, less what it needs for itself. */
static uint32_t slots_for_limit(void)
{
	struct rlimit l;
	if (getrlimit(RLIMIT_NOFILE, &l) < 0)
		return 1024;
	l.rlim_cur = l.rlim_max;
	setrlimit(RLIMIT_NOFILE, &l);
	getrlimit(RLIMIT_NOFILE, &l);
	rlim_t n = l.rlim_cur > 1000000 ? 1000000 : l.rlim_cur;
	return n > 512 ? (uint32_t)n - 256 : 256;
}

static int make_roster(struct vault *v, const struct start_config *c, struct error *e)
{
	struct roster r;
	uint64_t size = roster_bytes(v->slots);
	v->roster_fd = shm_create("streamd roster", size);
	void *memory = v->roster_fd < 0 ? NULL : shm_map(v->roster_fd, size);
	if (!memory)
		return error_set(e, -ENOMEM, "no shared memory for %u connections", v->slots);
	roster_format(&r, memory, v->slots, clock_wall_ms());
	r.head->config_loaded_ms = clock_wall_ms();
	digest_sha256(buf_bytes(&c->xml), r.head->config_sha256);
	shm_unmap(memory, size);
	v->config = shm_create("streamd config", 0);
	int w = v->config < 0 ? v->config : file_write_all(v->config, c->xml.data, c->xml.len);
	return w < 0 ? error_set(e, w, "no shared memory for the configuration") : 0;
}

int start_vault(struct vault *v, const struct start_config *c, const struct start_options *o, struct error *e)
{
	if (vault_init(v, slots_for_limit()) < 0)
		return error_set(e, -ENOMEM, "no memory");
	bytes_copy(bytes_of(c->path), v->config_path, sizeof(v->config_path));
	int r = open_doors(v, c->conf, e);
	if (r == 0)
		r = open_control(v, o->control ? o->control : START_CONTROL, e);
	if (r == 0)
		r = make_roster(v, c, e);
	return r;
}

/* ---- who we are ---- */

static int become(uid_t uid, gid_t gid, const char *user, struct error *e)
{
	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return error_set(e, -errno, "security/changeowner: cannot become %s: %s", user, strerror(errno));
	if (setuid(0) == 0)
		return error_set(e, -EPERM, "security/changeowner: root could be regained");
	return 0;
}

/* The user and group of <changeowner>. 0, or -errno with text. */
static int find_owner(const struct conf *conf, uid_t *uid, gid_t *gid, struct error *e)
{
	struct passwd *u = getpwnam(conf->security.user);
	struct group *g = conf->security.group ? getgrnam(conf->security.group) : NULL;
	if (!u)
		return error_set(e, -ENOENT, "security/changeowner/user: there is no user \"%s\" here", conf->security.user);
	if (conf->security.group && !g)
		return error_set(e, -ENOENT, "security/changeowner/group: there is no group \"%s\" here", conf->security.group);
	*uid = u->pw_uid;
	*gid = g ? g->gr_gid : u->pw_gid;
	return 0;
}

int start_share_control(const struct vault *v, const struct conf *conf, struct error *e)
{
	uid_t uid;
	gid_t gid;
	if (getuid() != 0 || !conf->security.user)
		return 0;
	int r = find_owner(conf, &uid, &gid, e);
	if (r == 0 && chown(v->control_path, uid, gid) < 0)
		r = error_set(e, -errno, "--control %s: cannot be given to %s: %s", v->control_path, conf->security.user, strerror(errno));
	return r;
}

int start_drop_privileges(const struct conf *conf, struct error *e)
{
	uid_t uid;
	gid_t gid;
	int r = 0;
	if (getuid() == 0) {
		if (!conf->security.user)
			return error_set(e, -EPERM, "streamd does not run as root: give <security><changeowner><user> or start it as another user");
		r = find_owner(conf, &uid, &gid, e);
		if (r == 0)
			r = become(uid, gid, conf->security.user, e);
	}
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return r;
}

/* ---- logs ---- */

static int open_log(const struct conf *conf, const char *name, const char *element, struct error *e)
{
	char path[1200];
	if (strcmp(name, "-") == 0)
		return fcntl(2, F_DUPFD_CLOEXEC, 3);
	if (name[0] == '/')
		bytes_copy(bytes_of(name), path, sizeof(path));
	else
		snprintf(path, sizeof(path), "%s/%s", conf->paths.logdir ? conf->paths.logdir : ".", name);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	return fd < 0 ? error_set(e, -errno, "logging/%s: %s cannot be written: %s", element, path, strerror(errno)) : fd;
}

int start_logs(const struct conf *conf, int *access_fd, struct error *e)
{
	*access_fd = -1;
	log_set_level((enum log_level)(conf->log.level > 0 ? conf->log.level : LOG_LEVEL_INFO));
	if (conf->log.errorlog) {
		int fd = open_log(conf, conf->log.errorlog, "errorlog", e);
		if (fd < 0)
			return fd;
		log_set_fd(fd);
	}
	if (conf->log.accesslog) {
		*access_fd = open_log(conf, conf->log.accesslog, "accesslog", e);
		if (*access_fd < 0)
			return *access_fd;
	}
	return 0;
}
