#include "server/process/takeover.h"

#include <sys/socket.h>
#include <unistd.h>

#include "lib/sys/file.h"
#include "lib/sys/log.h"
#include "server/net/conn.h"
#include "server/net/listener.h"
#include "server/net/mount.h"
#include "server/net/source.h"

static int take(int *fd)
{
	int taken = *fd;
	*fd = -1;
	return taken;
}

static void take_mounts(struct net *n, struct vault *v)
{
	for (uint32_t i = 0; i < ROSTER_MOUNTS_MAX; i++) {
		int *tapes = v->tape[i];
		if (!atomic_load(&n->roster.mounts[i].used))
			continue;
		struct mount *m = mount_resume(n, i, tapes[VAULT_PLAIN], tapes[VAULT_WOVEN]);
		if (!m)
			continue;
		tapes[VAULT_PLAIN] = -1;
		if (m->has_woven)
			tapes[VAULT_WOVEN] = -1;
	}
}

/* True when the connection goes on; fd is then somebody's. */
static bool resume(struct net *n, uint32_t slot, int fd, struct takeover *out)
{
	struct roster_record *r = net_record(n, slot);
	switch (atomic_load(&r->kind)) {
	case ROSTER_LISTENER:
		if (!listener_resume(n, slot, fd))
			return false;
		out->listeners++;
		return true;
	case ROSTER_SOURCE:
		if (!source_resume(n, slot, fd))
			return false;
		out->sources++;
		return true;
	case ROSTER_ASK:
		return conn_resume_ask(n, slot, fd);
	default:
		return false;
	}
}

/* Nothing of it was consumed: it begins anew, and the keeper need not carry it until it is a stream. */
static void begin_anew(struct net *n, uint32_t slot, int fd, struct takeover *out)
{
	struct roster_record *r = net_record(n, slot);
	bool control = r->flags & ROSTER_CONTROL;
	uint64_t read_total = r->read_before, sent_total = r->sent_before;
	net_release(n, slot);
	conn_open(n, fd, control, read_total, sent_total);
	out->fresh++;
}

static void take_connection(struct net *n, uint32_t slot, int fd, struct takeover *out)
{
	struct roster_record *r = net_record(n, slot);
	uint32_t kind = atomic_load(&r->kind);
	if (roster_record_valid(&n->roster, r) && kind == ROSTER_FRESH) {
		begin_anew(n, slot, fd, out);
		return;
	}
	if (roster_record_valid(&n->roster, r) && resume(n, slot, fd, out))
		return;
	if (kind == ROSTER_LISTENER || kind == ROSTER_SOURCE)
		out->lost++;
	shutdown(fd, SHUT_RDWR);
	close(fd);
	net_release(n, slot);
}

/* Sources first: what they had read but not decoded moves the heads. */
static void take_kind(struct net *n, struct vault *v, bool sources, struct takeover *out)
{
	for (uint32_t i = 0; i < v->slots; i++) {
		bool is_source = atomic_load(&net_record(n, i)->kind) == ROSTER_SOURCE;
		if (v->connection[i] >= 0 && is_source == sources)
			take_connection(n, i, take(&v->connection[i]), out);
	}
}

static void free_orphans(struct net *n, const struct vault *v)
{
	for (uint32_t i = 0; i < v->slots; i++)
		if (v->connection[i] < 0 && !n->listeners[i].net && atomic_load(&net_record(n, i)->kind) == ROSTER_FRESH)
			atomic_store(&net_record(n, i)->kind, ROSTER_FREE);
	for (uint32_t i = 0; i < ROSTER_MOUNTS_MAX; i++)
		if (n->mounts[i] && !n->mounts[i]->source)
			mount_end(n->mounts[i]);
}

/* Records whose descriptor never reached the keeper. */
static void free_unheld(struct net *n, const struct vault *v)
{
	for (uint32_t i = 0; i < v->slots; i++)
		if (v->connection[i] < 0)
			atomic_store(&net_record(n, i)->kind, ROSTER_FREE);
}

void takeover_run(struct net *n, struct vault *v, struct takeover *out)
{
	*out = (struct takeover){0};
	free_unheld(n, v);
	net_derive_free(n);
	take_mounts(n, v);
	take_kind(n, v, true, out);
	take_kind(n, v, false, out);
	free_orphans(n, v);
	n->roster.head->uncarried += out->lost;
}
