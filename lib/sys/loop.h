/*
 * One epoll loop: descriptors, timers, signals, wake-ups from other threads.
 *
 * A loop belongs to the thread that runs it; only wake_signal() may be called
 * from elsewhere. Callbacks do a bounded amount and never block. An object may
 * be freed in its own callback if it has been removed from the loop first.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "lib/base/list.h"

struct loop;

/* ---- descriptors; embedded in their owner and recovered with CONTAINER_OF ---- */
struct watch {
	int fd; /* borrowed; -1: not watched */
	void (*on_event)(struct watch *w, uint32_t events);
	struct loop *loop;
};

/* ---- timers ---- */
struct timer {
	struct list node; /* in the loop's wheel while armed */
	uint64_t due_us;
	void (*on_expiry)(struct timer *t);
	struct loop *loop;
	bool armed;
};

/* ---- wake-ups from other threads (an eventfd) ---- */
struct wake {
	struct watch watch;
	void (*on_wake)(struct wake *w);
};

int loop_new(struct loop **out);
void loop_free(struct loop *l);

/* Runs until loop_stop(). 0, or -errno when epoll itself fails. */
int loop_run(struct loop *l);
void loop_stop(struct loop *l);

/* The time at which the present round of callbacks began. */
uint64_t loop_now_us(const struct loop *l);

/* Called after each round of events, e.g. to free what callbacks gave up. May be NULL. */
void loop_on_round(struct loop *l, void (*fn)(void *), void *arg);

/* events as of epoll(7). -errno on failure. */
int watch_add(struct loop *l, struct watch *w, int fd, uint32_t events, void (*on_event)(struct watch *, uint32_t));
int watch_change(struct watch *w, uint32_t events);
void watch_remove(struct watch *w); /* before close(2); pending events of it are not delivered any more */

void timer_init(struct timer *t, struct loop *l, void (*on_expiry)(struct timer *));
void timer_arm(struct timer *t, uint64_t delay_us); /* from loop_now_us(); moves it when armed */
void timer_cancel(struct timer *t);

int wake_open(struct loop *l, struct wake *w, void (*on_wake)(struct wake *));
void wake_close(struct wake *w);
void wake_signal(struct wake *w); /* from any thread */

/* Blocks the signals in set (zero-terminated) for the process and reports them here. One set a loop. */
int loop_signals(struct loop *l, const int *signals, void (*on_signal)(struct loop *, int signo, void *arg), void *arg);
