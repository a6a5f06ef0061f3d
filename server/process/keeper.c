#include "server/process/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/sys/clock.h"
#include "lib/sys/fdpass.h"
#include "lib/sys/file.h"
#include "lib/sys/log.h"
#include "lib/sys/loop.h"
#include "lib/sys/notify.h"
#include "lib/sys/shm.h"
#include "server/net/link.h"
#include "server/process/worker.h"

#define READY_MS 10000u  /* a new worker's time to get ready, unless the request says otherwise */
#define PARK_US 2000000u /* an old worker's time to park */
#define QUIT_US 1500000u
#define HUNG_US 5000000u
#define QUICK_US 2000000u /* a worker that died younger than this counts as a crash loop's */
#define QUICK_RELEASE 10  /* so many in a row: the connections are let go, one of them may be the cause */

struct process {
	struct watch watch; /* of its channel */
	struct keeper *keeper;
	pid_t pid;
	bool in_use, ready, ended, drained; /* ended: reaped; drained: its channel was read to the end */
	bool killed;                        /* by SIGKILL: from outside, so what it was handed is not the cause */
	uint64_t started_us;
};

struct keeper {
	struct loop *loop;
	struct vault *vault;
	struct roster roster;
	struct process workers[2];
	struct process *active, *next;
	bool stopping, parking, announced;
	unsigned quick_deaths;
	struct timer ready_deadline, kill_deadline, again, second;
	uint64_t abort_us; /* when the hung worker was told to abort; 0: it was not */
	int access_fd, ready_fd;
	int exit_code;
};

static void fork_worker(struct keeper *k);

/* ---- sending ---- */

static void tell(struct process *p, enum link_kind kind, const char *text)
{
	struct link_message m = {.kind = kind};
	if (text)
		bytes_copy(bytes_of(text), m.text, sizeof(m.text));
	if (p && p->in_use)
		link_send(p->watch.fd, &m, -1);
}

static void forward(struct keeper *k, const struct link_message *m, int fd)
{
	if (k->next && k->next->in_use)
		link_send(k->next->watch.fd, m, fd);
}

/* ---- what a worker hands over ---- */

static void free_record(struct keeper *k, const struct link_message *m)
{
	if (m->slot >= k->vault->slots)
		return;
	struct roster_record *r = &k->roster.records[m->slot];
	if (r->generation == m->generation)
		atomic_store(&r->kind, ROSTER_FREE);
}

static void hold(struct keeper *k, struct process *p, const struct link_message *m, int fd)
{
	struct link_message back = *m;
	back.kind = LINK_LOST;
	if (fd < 0) {
		link_send(p->watch.fd, &back, -1);
		return;
	}
	forward(k, m, fd);
	vault_put_connection(k->vault, m->slot, m->generation, fd);
}

static void begin_restart(struct keeper *k, uint64_t timeout_ms)
{
	if (k->next || k->parking || k->stopping || !k->active)
		return;
	log_info("keeper/restart", "a new worker is started beside worker %d", (int)k->active->pid);
	fork_worker(k);
	if (k->next)
		timer_arm(&k->ready_deadline, (timeout_ms ? timeout_ms : READY_MS) * 1000);
	else
		tell(k->active, LINK_NOT_READY, "no process could be started");
}

static void announce(struct keeper *k)
{
	CLEANUP(buf_fini) struct buf line;
	if (k->announced)
		return;
	k->announced = true;
	buf_init(&line, 8192);
	buf_addf(&line, "{\"pid\":%d,\"control\":\"%s\",\"listen\":[", (int)getpid(), k->vault->control_path);
	for (uint32_t i = 0; i < k->vault->n_doors; i++)
		buf_addf(&line, "%s{\"address\":\"%s\",\"port\":%u}", i ? "," : "", k->vault->doors[i].address, k->vault->doors[i].port);
	buf_adds(&line, "]}");
	notify_systemd("READY=1");
	notify_ready_fd(k->ready_fd, buf_text(&line));
	k->ready_fd = -1;
}

static void give_go(struct keeper *k, struct process *p)
{
	tell(p, LINK_GO, NULL);
	k->active = p;
	k->next = NULL;
	k->parking = false;
	timer_cancel(&k->ready_deadline);
	timer_cancel(&k->kill_deadline);
	atomic_store(&k->roster.head->tick_us, clock_mono_us());
	announce(k);
}

static void worker_ready(struct keeper *k, struct process *p)
{
	p->ready = true;
	if (p != k->next)
		return;
	timer_cancel(&k->ready_deadline);
	if (!k->active) {
		give_go(k, p);
		return;
	}
	k->parking = true;
	k->roster.head->restarts++;
	tell(k->active, LINK_PARK, NULL);
	timer_arm(&k->kill_deadline, PARK_US);
}

static void stop(struct keeper *k)
{
	if (k->stopping)
		return;
	k->stopping = true;
	notify_systemd("STOPPING=1");
	log_info("keeper/stop", "streamd ends");
	if (k->next)
		kill(k->next->pid, SIGKILL);
	tell(k->active, LINK_QUIT, NULL);
	timer_arm(&k->kill_deadline, QUIT_US);
	if (!k->active && !k->next)
		loop_stop(k->loop);
}

static void receive(struct keeper *k, struct process *p, const struct link_message *m, int fd)
{
	switch (m->kind) {
	case LINK_HOLD:
		hold(k, p, m, fd);
		return;
	case LINK_TAPE:
		forward(k, m, fd);
		if (fd >= 0)
			vault_put_tape(k->vault, m->slot, m->which, fd);
		return;
	case LINK_CONFIG:
		forward(k, m, fd);
		if (fd >= 0) {
			file_close(&k->vault->config);
			k->vault->config = fd;
		}
		return;
	case LINK_RELEASE:
		forward(k, m, -1);
		vault_drop_connection(k->vault, m->slot, m->generation);
		free_record(k, m);
		break;
	case LINK_UNTAPE:
		forward(k, m, -1);
		vault_drop_tape(k->vault, m->slot, m->which);
		break;
	case LINK_READY:
		worker_ready(k, p);
		break;
	case LINK_RESTART:
		begin_restart(k, m->value);
		break;
	case LINK_STOP:
		stop(k);
		break;
	default:
		break;
	}
	if (fd >= 0)
		close(fd);
}

/* ---- a worker's end ---- */

static void retire(struct process *p)
{
	int fd = p->watch.fd;
	watch_remove(&p->watch);
	file_close(&fd);
	p->in_use = false;
}

/* Too many quick deaths: what the next worker would be handed may be what kills it. */
static void let_go(struct keeper *k)
{
	log_error("keeper/crash", "%u workers died within %u s each: all connections are let go, streamd begins anew", k->quick_deaths,
		QUICK_US / 1000000);
	for (uint32_t i = 0; i < k->vault->slots; i++) {
		file_close(&k->vault->connection[i]);
		atomic_store(&k->roster.records[i].kind, ROSTER_FREE);
	}
	for (uint32_t i = 0; i < ROSTER_MOUNTS_MAX; i++) {
		vault_drop_tape(k->vault, i, VAULT_PLAIN);
		vault_drop_tape(k->vault, i, VAULT_WOVEN);
		atomic_store(&k->roster.mounts[i].used, 0);
	}
}

static void on_again(struct timer *t)
{
	struct keeper *k = CONTAINER_OF(t, struct keeper, again);
	if (!k->stopping)
		fork_worker(k);
}

static void replace_crashed(struct keeper *k, const struct process *dead)
{
	uint64_t now = clock_mono_us();
	k->active = NULL;
	k->roster.head->crashes++;
	k->roster.head->park_us = now;
	k->quick_deaths = !dead->killed && now - dead->started_us < QUICK_US ? k->quick_deaths + 1 : 0;
	log_error("keeper/crash", "worker %d died; a new one takes over %u connections", (int)dead->pid, vault_connections(k->vault));
	if (k->next && k->next->ready) {
		give_go(k, k->next);
		return;
	}
	if (k->next)
		return; /* it goes on once it is ready */
	if (k->quick_deaths && k->quick_deaths % QUICK_RELEASE == 0)
		let_go(k);
	timer_arm(&k->again, k->quick_deaths > 3 ? MIN_OF(100000ull << (k->quick_deaths - 3), 10000000ull) : 0);
	if (k->quick_deaths <= 3) {
		timer_cancel(&k->again);
		fork_worker(k);
	}
}

static void gone(struct keeper *k, struct process *p)
{
	if (!p->ended || !p->drained)
		return;
	retire(p);
	if (k->stopping) {
		if (p == k->active)
			k->active = NULL;
		if (!k->active)
			loop_stop(k->loop);
	} else if (p == k->next) {
		k->next = NULL;
		timer_cancel(&k->ready_deadline);
		if (k->active) {
			tell(k->active, LINK_NOT_READY, "the new worker died before it was ready");
		} else {
			struct process dead = *p;
			replace_crashed(k, &dead);
		}
	} else if (k->parking) {
		k->quick_deaths = 0;
		k->active = NULL;
		give_go(k, k->next);
	} else {
		struct process dead = *p;
		replace_crashed(k, &dead);
	}
}

static void on_channel(struct watch *w, uint32_t events)
{
	struct process *p = CONTAINER_OF(w, struct process, watch);
	for (int i = 0; i < 256; i++) {
		struct link_message m;
		int fd, r = link_recv(w->fd, &m, &fd);
		if (r == -EAGAIN)
			return;
		if (r == -EPROTO)
			continue; /* what it was cannot be told; the takeover sorts it out */
		if (r <= 0) {
			watch_change(w, 0);
			p->drained = true;
			gone(p->keeper, p);
			return;
		}
		receive(p->keeper, p, &m, fd);
	}
}

static void reap(struct keeper *k)
{
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (int i = 0; i < 2; i++) {
			struct process *p = &k->workers[i];
			if (!p->in_use || p->pid != pid)
				continue;
			p->ended = true;
			p->killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
			if (WIFSIGNALED(status) && !k->stopping)
				log_warn("keeper/worker", "worker %d was ended by signal %d", (int)pid, WTERMSIG(status));
			if (!p->drained)
				on_channel(&p->watch, EPOLLIN);
			else
				gone(k, p);
		}
}

/* ---- a worker's beginning ---- */

static struct process *free_process(struct keeper *k)
{
	return !k->workers[0].in_use ? &k->workers[0] : !k->workers[1].in_use ? &k->workers[1] : NULL;
}

/* In the child: nothing of the keeper's stays but the vault. */
_Noreturn static void run_worker(struct keeper *k, int link, pid_t keeper_pid)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != keeper_pid)
		_exit(1);
	for (int i = 0; i < 2; i++)
		if (k->workers[i].in_use)
			close(k->workers[i].watch.fd);
	loop_free(k->loop);
	if (k->ready_fd >= 0)
		close(k->ready_fd);
	worker_main(k->vault, link, k->access_fd);
}

static void fork_worker(struct keeper *k)
{
	int pair[2];
	struct process *p = free_process(k);
	if (!p || fdpass_pair(pair) < 0)
		return;
	pid_t keeper_pid = getpid(), pid = fork();
	if (pid == 0) {
		close(pair[0]);
		run_worker(k, pair[1], keeper_pid);
	}
	close(pair[1]);
	if (pid < 0) {
		log_error("keeper/fork", "no worker can be started: %s", strerror(errno));
		close(pair[0]);
		timer_arm(&k->again, 1000000);
		return;
	}
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	*p = (struct process){.keeper = k, .pid = pid, .in_use = true, .started_us = clock_mono_us()};
	watch_add(k->loop, &p->watch, pair[0], EPOLLIN, on_channel);
	k->next = p;
}

/* ---- time ---- */

static void on_ready_deadline(struct timer *t)
{
	struct keeper *k = CONTAINER_OF(t, struct keeper, ready_deadline);
	if (k->next && !k->next->ready) {
		log_error("keeper/restart", "worker %d was not ready in time: killed, the old one serves on", (int)k->next->pid);
		kill(k->next->pid, SIGKILL);
	}
}

static void on_kill_deadline(struct timer *t)
{
	struct keeper *k = CONTAINER_OF(t, struct keeper, kill_deadline);
	if (k->active)
		kill(k->active->pid, SIGKILL);
	else if (k->stopping)
		loop_stop(k->loop);
}

/* A worker whose loop stands still is ended: SIGABRT for a core, then SIGKILL. */
static void on_second(struct timer *t)
{
	struct keeper *k = CONTAINER_OF(t, struct keeper, second);
	uint64_t now = clock_mono_us(), tick = atomic_load(&k->roster.head->tick_us);
	if (k->active && !k->stopping && !k->parking && now > tick + HUNG_US) {
		if (!k->abort_us)
			log_error("keeper/watchdog", "worker %d has not turned its loop for %u s: it is ended", (int)k->active->pid, HUNG_US / 1000000);
		kill(k->active->pid, k->abort_us ? SIGKILL : SIGABRT);
		k->abort_us = now;
	} else {
		k->abort_us = 0;
	}
	notify_systemd("WATCHDOG=1");
	timer_arm(t, 1000000);
}

static void on_signal(struct loop *l, int signo, void *arg)
{
	struct keeper *k = arg;
	if (signo == SIGCHLD)
		reap(k);
	else if (signo == SIGHUP)
		tell(k->active, LINK_RELOAD, NULL);
	else if (signo == SIGUSR2)
		begin_restart(k, 0);
	else
		stop(k);
}

/* ---- life ---- */

static int attach_roster(struct keeper *k)
{
	size_t size;
	if (shm_size(k->vault->roster_fd, &size) < 0)
		return -EIO;
	void *memory = shm_map(k->vault->roster_fd, size);
	return memory && roster_attach(&k->roster, memory, size) ? 0 : -EIO;
}

static void write_pidfile(const char *path)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	struct error e;
	if (path && file_replace(path, (struct bytes){text, (size_t)n}, 0644, &e) < 0)
		log_warn("keeper/pidfile", "paths/pidfile: %s", e.text);
}

int keeper_run(struct vault *v, const struct start_options *o, const struct conf *conf, int access_fd)
{
	static const int signals[] = {SIGCHLD, SIGHUP, SIGUSR2, SIGTERM, SIGINT, 0};
	struct keeper k = {.vault = v, .access_fd = access_fd, .ready_fd = o->ready_fd};
	signal(SIGPIPE, SIG_IGN);
	if (attach_roster(&k) < 0 || loop_new(&k.loop) < 0 || loop_signals(k.loop, signals, on_signal, &k) < 0)
		return 1;
	timer_init(&k.ready_deadline, k.loop, on_ready_deadline);
	timer_init(&k.kill_deadline, k.loop, on_kill_deadline);
	timer_init(&k.again, k.loop, on_again);
	timer_init(&k.second, k.loop, on_second);
	timer_arm(&k.second, 1000000);
	write_pidfile(conf->paths.pidfile);
	fork_worker(&k);
	int r = loop_run(k.loop);
	if (conf->paths.pidfile)
		unlink(conf->paths.pidfile);
	unlink(v->control_path);
	loop_free(k.loop);
	return r < 0 ? 1 : k.exit_code;
}
