#include "lib/sys/loop.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "lib/base/macros.h"
#include "lib/sys/clock.h"

#define EVENTS_A_ROUND 256

/*
 * Timers lie in one list ordered by due time: there are few (a mount's ticks, deadlines that
 * sweep many connections at once), and most are armed near the end.
 */
struct loop {
	int epoll_fd;
	bool running;
	uint64_t now_us;
	struct list timers;
	struct epoll_event events[EVENTS_A_ROUND];
	int n_events, at_event;
	void (*on_round)(void *);
	void *on_round_arg;
	struct watch signal_watch;
	int signal_fd;
	void (*on_signal)(struct loop *, int, void *);
	void *on_signal_arg;
};

int loop_new(struct loop **out)
{
	struct loop *l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll_fd < 0) {
		int r = -errno;
		free(l);
		return r;
	}
	l->signal_fd = -1;
	l->now_us = clock_mono_us();
	list_init(&l->timers);
	*out = l;
	return 0;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	if (l->signal_fd >= 0)
		close(l->signal_fd);
	close(l->epoll_fd);
	free(l);
}

uint64_t loop_now_us(const struct loop *l)
{
	return l->now_us;
}

void loop_stop(struct loop *l)
{
	l->running = false;
}

void loop_on_round(struct loop *l, void (*fn)(void *), void *arg)
{
	l->on_round = fn;
	l->on_round_arg = arg;
}

static struct timer *first_timer(struct loop *l)
{
	return list_empty(&l->timers) ? NULL : CONTAINER_OF(l->timers.next, struct timer, node);
}

static int wait_ms(struct loop *l)
{
	struct timer *t = first_timer(l);
	if (!t)
		return -1;
	uint64_t now = clock_mono_us();
	uint64_t left_ms = t->due_us > now ? (t->due_us - now + 999) / 1000 : 0;
	return left_ms > 60000 ? 60000 : (int)left_ms;
}

static void run_timers(struct loop *l)
{
	struct timer *t;
	while (l->running && (t = first_timer(l)) && t->due_us <= l->now_us) {
		timer_cancel(t);
		t->on_expiry(t);
	}
}

static void run_events(struct loop *l)
{
	for (l->at_event = 0; l->at_event < l->n_events && l->running; l->at_event++) {
		struct watch *w = l->events[l->at_event].data.ptr;
		if (w)
			w->on_event(w, l->events[l->at_event].events);
	}
	l->n_events = 0;
}

int loop_run(struct loop *l)
{
	l->running = true;
	while (l->running) {
		l->n_events = epoll_wait(l->epoll_fd, l->events, EVENTS_A_ROUND, wait_ms(l));
		if (l->n_events < 0) {
			l->n_events = 0;
			if (errno != EINTR)
				return -errno;
		}
		l->now_us = clock_mono_us();
		run_timers(l);
		run_events(l);
		if (l->on_round)
			l->on_round(l->on_round_arg);
	}
	return 0;
}

int watch_add(struct loop *l, struct watch *w, int fd, uint32_t events, void (*on_event)(struct watch *, uint32_t))
{
	struct epoll_event e = {.events = events, .data.ptr = w};
	if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &e) < 0)
		return -errno;
	*w = (struct watch){.fd = fd, .on_event = on_event, .loop = l};
	return 0;
}

int watch_change(struct watch *w, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.ptr = w};
	return epoll_ctl(w->loop->epoll_fd, EPOLL_CTL_MOD, w->fd, &e) < 0 ? -errno : 0;
}

void watch_remove(struct watch *w)
{
	if (w->fd < 0 || !w->loop)
		return;
	epoll_ctl(w->loop->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
	for (int i = w->loop->at_event; i < w->loop->n_events; i++)
		if (w->loop->events[i].data.ptr == w)
			w->loop->events[i].data.ptr = NULL;
	w->fd = -1;
}

void timer_init(struct timer *t, struct loop *l, void (*on_expiry)(struct timer *))
{
	*t = (struct timer){.loop = l, .on_expiry = on_expiry};
	list_init(&t->node);
}

void timer_arm(struct timer *t, uint64_t delay_us)
{
	timer_cancel(t);
	t->due_us = t->loop->now_us + delay_us;
	t->armed = true;
	struct list *at = t->loop->timers.prev;
	while (at != &t->loop->timers && CONTAINER_OF(at, struct timer, node)->due_us > t->due_us)
		at = at->prev;
	/* after `at` */
	list_add_tail(at->next, &t->node);
}

void timer_cancel(struct timer *t)
{
	if (t->armed)
		list_remove(&t->node);
	t->armed = false;
}

static void wake_ready(struct watch *w, uint32_t events)
{
	uint64_t count;
	if (read(w->fd, &count, sizeof(count)) < 0)
		return;
	struct wake *k = CONTAINER_OF(w, struct wake, watch);
	k->on_wake(k);
}

int wake_open(struct loop *l, struct wake *w, void (*on_wake)(struct wake *))
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	w->on_wake = on_wake;
	int r = watch_add(l, &w->watch, fd, EPOLLIN, wake_ready);
	if (r < 0)
		close(fd);
	return r;
}

void wake_close(struct wake *w)
{
	int fd = w->watch.fd;
	watch_remove(&w->watch);
	if (fd >= 0)
		close(fd);
}

void wake_signal(struct wake *w)
{
	uint64_t one = 1;
	ssize_t n = write(w->watch.fd, &one, sizeof(one));
	(void)n; /* full means that it is signalled already */
}

static void signal_ready(struct watch *w, uint32_t events)
{
	struct loop *l = w->loop;
	struct signalfd_siginfo info;
	while (read(w->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		l->on_signal(l, (int)info.ssi_signo, l->on_signal_arg);
}

int loop_signals(struct loop *l, const int *signals, void (*on_signal)(struct loop *, int, void *), void *arg)
{
	sigset_t set;
	sigemptyset(&set);
	for (; *signals; signals++)
		sigaddset(&set, *signals);
	sigprocmask(SIG_BLOCK, &set, NULL);
	l->on_signal = on_signal;
	l->on_signal_arg = arg;
	l->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (l->signal_fd < 0)
		return -errno;
	return watch_add(l, &l->signal_watch, l->signal_fd, EPOLLIN, signal_ready);
}
