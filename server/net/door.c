#include "server/net/door.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "lib/sys/file.h"
#include "lib/sys/log.h"
#include "lib/sys/sock.h"
#include "server/net/conn.h"

#define BATCH 64
#define STEP_BACK_US 200000u

/* Gives up the spare descriptor to accept one and close it: the peer learns at once. */
static void turn_away(struct door *d)
{
	struct net *n = d->net;
	file_close(&n->spare_fd);
	int fd = sock_accept(d->fd);
	if (fd >= 0)
		close(fd);
	n->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void on_again(struct timer *t)
{
	struct door *d = CONTAINER_OF(t, struct door, again);
	watch_change(&d->watch, EPOLLIN);
}

static void on_ready(struct watch *w, uint32_t events)
{
	struct door *d = CONTAINER_OF(w, struct door, watch);
	for (int i = 0; i < BATCH; i++) {
		int fd = sock_accept(d->fd);
		if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM || fd == -ENOBUFS) {
			log_error("net/accept", "no descriptor or memory for another connection: it is turned away");
			turn_away(d);
			watch_change(w, 0);
			timer_arm(&d->again, STEP_BACK_US);
			return;
		}
		if (fd < 0)
			return;
		d->net->roster.head->client_connections++;
		conn_open(d->net, fd, d->control, 0, 0);
	}
}

int door_open(struct net *n, struct door *d, int fd, bool control)
{
	*d = (struct door){.net = n, .fd = fd, .control = control};
	timer_init(&d->again, n->loop, on_again);
	return watch_add(n->loop, &d->watch, fd, EPOLLIN, on_ready);
}

void door_close(struct door *d)
{
	timer_cancel(&d->again);
	watch_remove(&d->watch);
}
