#include "lib/bus/resolve.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ABANDONED_MAX 4

/* Shared by the asker and its thread; the last one frees it. */
struct probe {
	pthread_mutex_t lock;
	pthread_cond_t done_changed;
	bool done, abandoned;
	int result;
	char host[256];
};

static _Atomic int abandoned; /* threads that a hanging resolver still holds */

static void probe_free(struct probe *p)
{
	pthread_cond_destroy(&p->done_changed);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

static void *ask(void *arg)
{
	struct probe *p = arg;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
	int r = getaddrinfo(p->host, NULL, &hints, &found);
	if (r == 0)
		freeaddrinfo(found);
	pthread_mutex_lock(&p->lock);
	p->done = true;
	p->result = r == 0 ? 0 : r == EAI_AGAIN ? -EAGAIN : -ENOENT;
	bool last = p->abandoned;
	pthread_cond_signal(&p->done_changed);
	pthread_mutex_unlock(&p->lock);
	if (last) {
		abandoned--;
		probe_free(p);
	}
	return NULL;
}

static struct probe *probe_new(const char *host)
{
	struct probe *p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->done_changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	memcpy(p->host, host, strnlen(host, sizeof(p->host) - 1));
	return p;
}

int resolve_probe(const char *host, unsigned timeout_ms)
{
	if (abandoned >= ABANDONED_MAX)
		return -ETIMEDOUT;
	struct probe *p = probe_new(host);
	pthread_t thread;
	if (!p)
		return -EAGAIN;
	if (pthread_create(&thread, NULL, ask, p) != 0) {
		probe_free(p);
		return -EAGAIN;
	}
	pthread_detach(thread);
	struct timespec end;
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += timeout_ms / 1000;
	end.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (end.tv_nsec >= 1000000000) {
		end.tv_sec++;
		end.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&p->lock);
	while (!p->done && pthread_cond_timedwait(&p->done_changed, &p->lock, &end) != ETIMEDOUT)
		continue;
	bool done = p->done;
	int result = done ? p->result : -ETIMEDOUT;
	if (!done) {
		p->abandoned = true;
		abandoned++;
	}
	pthread_mutex_unlock(&p->lock);
	if (done)
		probe_free(p);
	return result;
}
