#include "server/process/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/sys/clock.h"
#include "lib/sys/file.h"
#include "lib/sys/log.h"
#include "lib/sys/loop.h"
#include "lib/sys/shm.h"
#include "server/admin/admin.h"
#include "server/net/conn.h"
#include "server/net/door.h"
#include "server/net/link.h"
#include "server/net/listener.h"
#include "server/net/mount.h"
#include "server/net/source.h"
#include "server/net/survey.h"
#include "server/process/digest.h"
#include "server/process/takeover.h"

struct worker {
	struct net net;
	struct net_handler handler;
	struct admin_host host;
	struct vault *vault;
	struct watch link_watch;
	struct timer second; /* the watchdog's stamp, the drain's deadline */
	struct door doors[VAULT_DOORS_MAX], control;
	struct buf xml;
	struct conf_env env;
	struct conf *conf;
};

/* ---- what the admin room asks for ---- */

static struct worker *of_host(struct admin_host *h)
{
	return CONTAINER_OF(h, struct worker, host);
}

static const struct conf *host_conf(struct admin_host *h)
{
	return of_host(h)->conf;
}

static struct bytes host_conf_xml(struct admin_host *h)
{
	return buf_bytes(&of_host(h)->xml);
}

static const struct conf_env *host_conf_env(struct admin_host *h)
{
	return &of_host(h)->env;
}

static void host_census(struct admin_host *h, struct census *out)
{
	survey(&of_host(h)->net, out);
}

static size_t host_listeners(struct admin_host *h, const char *mount, struct census_listener *out, size_t max)
{
	return survey_listeners(&of_host(h)->net, mount, out, max);
}

static int host_kill_source(struct admin_host *h, const char *mount)
{
	struct mount *m = mount_find(&of_host(h)->net, bytes_of(mount));
	if (!m)
		return -ENOENT;
	source_close(m->source, "an operator ended it");
	return 0;
}

static int host_kill_listener(struct admin_host *h, const char *mount, uint64_t id)
{
	struct net *n = &of_host(h)->net;
	struct mount *m = mount_find(n, bytes_of(mount));
	for (uint32_t i = 0; m && i < m->n_seats; i++)
		if (net_record(n, m->seats[i])->id == id) {
			listener_close(&n->listeners[m->seats[i]]);
			return 0;
		}
	return -ENOENT;
}

static int host_set_title(struct admin_host *h, const char *mount, struct bytes title)
{
	struct mount *m = mount_find(&of_host(h)->net, bytes_of(mount));
	if (!m)
		return -ENOENT;
	return mount_change_title(m, title, BYTES_NONE) ? 0 : -ENOTSUP;
}

static void host_drain(struct admin_host *h, uint64_t deadline_s)
{
	struct roster_head *head = of_host(h)->net.roster.head;
	uint64_t now = clock_wall_ms();
	head->drain_since_ms = now;
	head->drain_deadline_ms = deadline_s ? now + deadline_s * 1000 : 0;
	head->draining = 1;
	log_info("drain/begin", "new listeners are refused, %s", deadline_s ? "present ones stay until the deadline" : "present ones stay");
}

static void host_undrain(struct admin_host *h)
{
	of_host(h)->net.roster.head->draining = 0;
	log_info("drain/end", "new listeners are welcome again");
}

static void host_stop(struct admin_host *h)
{
	struct link_message m = {.kind = LINK_STOP};
	link_send(of_host(h)->net.link, &m, -1);
}

static int host_restart(struct admin_host *h, struct exchange *x, unsigned timeout_ms, struct error *e)
{
	struct worker *w = of_host(h);
	struct link_message m = {.kind = LINK_RESTART, .value = timeout_ms};
	if (w->net.asker)
		return error_set(e, -EBUSY, "a restart is under way already");
	if (conn_ask(conn_of_exchange(x), "restart") < 0 || link_send(w->net.link, &m, -1) < 0)
		return error_set(e, -EIO, "the keeper cannot be asked");
	x->deferred = true;
	return 0;
}

/* ---- the configuration ---- */

static const char *env_get(const char *name)
{
	return getenv(name);
}

static int read_running(struct worker *w)
{
	struct error e;
	struct conf_findings f = {0};
	buf_init(&w->xml, CONF_FILE_MAX);
	lseek(w->vault->config, 0, SEEK_SET);
	int r = file_read_fd(w->vault->config, CONF_FILE_MAX, &w->xml);
	if (r == 0 && conf_env_read(&w->env, env_get, &e) == 0)
		w->conf = conf_parse(buf_bytes(&w->xml), &w->env, &f);
	conf_findings_fini(&f);
	return w->conf ? 0 : -EINVAL;
}

static void tell_keeper(struct worker *w)
{
	struct link_message m = {.kind = LINK_CONFIG};
	CLEANUP(file_close) int fd = shm_create("streamd config", 0);
	if (fd >= 0 && file_write_all(fd, w->xml.data, w->xml.len) == 0)
		link_send(w->net.link, &m, fd);
}

static void apply(struct worker *w, struct conf *fresh, struct buf *xml)
{
	struct conf *old = w->conf;
	w->conf = fresh;
	w->net.conf = fresh;
	buf_fini(&w->xml);
	w->xml = *xml;
	buf_init(xml, CONF_FILE_MAX);
	for (uint32_t i = 0; i < ROSTER_MOUNTS_MAX; i++)
		if (w->net.mounts[i])
			mount_settle(w->net.mounts[i]);
	log_set_level((enum log_level)(fresh->log.level > 0 ? fresh->log.level : LOG_LEVEL_INFO));
	conf_free(old);
	digest_sha256(buf_bytes(&w->xml), w->net.roster.head->config_sha256);
	w->net.roster.head->config_loaded_ms = clock_wall_ms();
	tell_keeper(w);
}

static void log_findings(const struct conf_findings *f, const char *file)
{
	CLEANUP(buf_fini) struct buf text;
	buf_init(&text, 65536);
	conf_findings_text(f, file, &text);
	struct bytes rest = buf_bytes(&text), line;
	while (bytes_split(&rest, '\n', &line))
		if (line.len)
			log_warn("config", "%.*s", BYTES_ARG(line));
}

static void host_reload(struct admin_host *h, struct admin_reload *out)
{
	struct worker *w = of_host(h);
	CLEANUP(buf_fini) struct buf xml;
	struct error e;
	*out = (struct admin_reload){0};
	buf_init(&xml, CONF_FILE_MAX);
	if (file_read(w->vault->config_path, CONF_FILE_MAX, &xml, &e) < 0) {
		log_error("config/reload", "%s; the configuration that is running stays", e.text);
		conf_findings_add(&out->findings, CONF_ERROR, 0, "", e.text);
		return;
	}
	struct conf *fresh = conf_parse(buf_bytes(&xml), &w->env, &out->findings);
	log_findings(&out->findings, w->vault->config_path);
	if (!fresh) {
		log_error("config/reload", "%s is not valid; the configuration that is running stays", w->vault->config_path);
		return;
	}
	conf_diff(w->conf, fresh, &out->diff);
	apply(w, fresh, &xml);
	bytes_copy(bytes_of(w->net.roster.head->config_sha256), out->sha256, sizeof(out->sha256));
	out->ok = true;
	log_info("config/reload", "reloaded: %zu changes, class %s", out->diff.n, conf_class_name(out->diff.class));
}

static void init_host(struct worker *w)
{
	w->host = (struct admin_host){
		.conf = host_conf, .conf_xml = host_conf_xml, .conf_env = host_conf_env, .census = host_census, .listeners = host_listeners,
		.kill_source = host_kill_source, .kill_listener = host_kill_listener, .set_title = host_set_title, .reload = host_reload,
		.restart = host_restart, .drain = host_drain, .undrain = host_undrain, .stop = host_stop, .digest = digest_sha256,
	};
}

static void handle(struct net_handler *h, struct exchange *x, bool is_stream_path)
{
	admin_handle(&CONTAINER_OF(h, struct worker, handler)->host, x, is_stream_path);
}

/* ---- the keeper's messages ---- */

static void open_doors(struct worker *w)
{
	for (uint32_t i = 0; i < w->vault->n_doors; i++)
		door_open(&w->net, &w->doors[i], w->vault->doors[i].fd, false);
	door_open(&w->net, &w->control, w->vault->control, true);
	w->net.accepting = true;
}

static void close_doors(struct worker *w)
{
	if (!w->net.accepting)
		return;
	for (uint32_t i = 0; i < w->vault->n_doors; i++)
		door_close(&w->doors[i]);
	door_close(&w->control);
	w->net.accepting = false;
}

static void answer_restart(struct worker *w, const struct takeover *t)
{
	const struct roster_head *h = w->net.roster.head;
	CLEANUP(buf_fini) struct buf json;
	struct admin_restarted facts = {
		.listeners_before = h->before_listeners, .listeners_after = w->net.n_listeners, .sources_before = h->before_sources,
		.sources_after = w->net.n_sources, .pause_ms = (double)(clock_mono_us() - h->park_us) / 1000, .lost = t->lost, .worker_pid = (int)getpid(),
	};
	buf_init(&json, 4096);
	admin_restart_answer(&facts, &json);
	conn_answer_ask(&w->net, 200, buf_bytes(&json));
}

static void go(struct worker *w)
{
	struct takeover t;
	struct roster_head *h = w->net.roster.head;
	takeover_run(&w->net, w->vault, &t);
	open_doors(w);
	atomic_store(&h->tick_us, clock_mono_us());
	if (h->park_us)
		log_info("takeover", "%u listeners and %u sources carried on, %u lost, %u fresh, %.1f ms", t.listeners, t.sources, t.lost, t.fresh,
			(double)(clock_mono_us() - h->park_us) / 1000);
	answer_restart(w, &t);
}

static void park(struct worker *w)
{
	struct roster_head *h = w->net.roster.head;
	struct link_message m = {.kind = LINK_PARKED};
	close_doors(w);
	h->before_listeners = w->net.n_listeners;
	h->before_sources = w->net.n_sources;
	h->park_us = clock_mono_us();
	conn_park_all(&w->net);
	link_send(w->net.link, &m, -1);
	_exit(0);
}

static void quit(struct worker *w)
{
	struct net *n = &w->net;
	close_doors(w);
	n->stopping = true;
	for (uint32_t i = 0; i < ROSTER_MOUNTS_MAX; i++)
		if (n->mounts[i] && n->mounts[i]->source)
			source_close(n->mounts[i]->source, "streamd ends");
	loop_stop(n->loop);
}

static void not_ready(struct worker *w, const char *why)
{
	CLEANUP(buf_fini) struct buf json;
	buf_init(&json, 4096);
	admin_restart_failed(why, &json);
	log_error("takeover", "the restart failed, nothing has changed: %s", why);
	conn_answer_ask(&w->net, 500, buf_bytes(&json));
}

static void lost(struct worker *w, const struct link_message *m)
{
	if (m->slot < w->net.roster.head->slots && net_record(&w->net, m->slot)->generation == m->generation)
		w->net.roster.head->uncarried++;
}

static void on_link(struct watch *watch, uint32_t events)
{
	struct worker *w = CONTAINER_OF(watch, struct worker, link_watch);
	struct link_message m;
	struct admin_reload reload;
	int fd, r = link_recv(watch->fd, &m, &fd);
	if (r <= 0)
		_exit(r == 0 ? 0 : 1); /* the keeper is gone: so is everything that could be carried */
	switch (m.kind) {
	case LINK_HOLD:
		vault_put_connection(w->vault, m.slot, m.generation, fd);
		return;
	case LINK_TAPE:
		vault_put_tape(w->vault, m.slot, m.which, fd);
		return;
	case LINK_CONFIG:
		file_close(&w->vault->config);
		w->vault->config = fd;
		return;
	case LINK_RELEASE:
		vault_drop_connection(w->vault, m.slot, m.generation);
		break;
	case LINK_UNTAPE:
		vault_drop_tape(w->vault, m.slot, m.which);
		break;
	case LINK_GO:
		go(w);
		break;
	case LINK_PARK:
		park(w);
		break;
	case LINK_RELOAD:
		host_reload(&w->host, &reload);
		admin_reload_fini(&reload);
		break;
	case LINK_QUIT:
		quit(w);
		break;
	case LINK_NOT_READY:
		not_ready(w, m.text);
		break;
	case LINK_LOST:
		lost(w, &m);
		break;
	default:
		break;
	}
	file_close(&fd);
}

/* ---- each second ---- */

static void end_drain(struct worker *w)
{
	struct net *n = &w->net;
	log_info("drain/deadline", "%u listeners are closed", n->n_listeners);
	for (uint32_t i = 0; i < ROSTER_MOUNTS_MAX; i++)
		while (n->mounts[i] && n->mounts[i]->n_seats)
			listener_close(&n->listeners[n->mounts[i]->seats[0]]);
}

static void on_second(struct timer *t)
{
	struct worker *w = CONTAINER_OF(t, struct worker, second);
	struct roster_head *h = w->net.roster.head;
	atomic_store(&h->tick_us, clock_mono_us());
	if (w->net.accepting && h->draining && h->drain_deadline_ms && clock_wall_ms() >= h->drain_deadline_ms && w->net.n_listeners)
		end_drain(w);
	timer_arm(t, 500000);
}

/* ---- life ---- */

static void own_process(void)
{
	static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE};
	sigset_t none;
	for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_NAME, "streamd-worker");
}

static int prepare(struct worker *w, struct vault *v, int link, int access_fd)
{
	struct loop *loop;
	struct roster r;
	size_t size;
	w->vault = v;
	int failed = read_running(w);
	void *memory = failed == 0 && shm_size(v->roster_fd, &size) == 0 ? shm_map(v->roster_fd, size) : NULL;
	if (!memory || !roster_attach(&r, memory, size) || loop_new(&loop) < 0 || net_init(&w->net, loop, &r) < 0)
		return -ENOMEM;
	w->net.link = link;
	w->net.vault = v;
	w->net.conf = w->conf;
	w->net.access_fd = access_fd;
	w->handler.handle = handle;
	w->net.handler = &w->handler;
	init_host(w);
	timer_init(&w->second, loop, on_second);
	timer_arm(&w->second, 0);
	return watch_add(loop, &w->link_watch, link, EPOLLIN, on_link);
}

void worker_main(struct vault *v, int link, int access_fd)
{
	static struct worker w;
	struct link_message ready = {.kind = LINK_READY};
	own_process();
	if (prepare(&w, v, link, access_fd) < 0) {
		log_error("worker/start", "the worker cannot start: its configuration or memory is broken");
		_exit(1);
	}
	link_send(link, &ready, -1);
	int r = loop_run(w.net.loop);
	_exit(r < 0 ? 1 : 0);
}
