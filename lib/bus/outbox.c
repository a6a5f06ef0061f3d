#include "lib/bus/outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/macros.h"
#include "lib/bus/bus.h"

#define KEEP_DEFAULT_S 3600u

void outbox_init(struct outbox *o)
{
	*o = (struct outbox){0};
	list_init(&o->parcels);
}

static void forget(struct outbox *o, struct parcel *p)
{
	list_remove(&p->node);
	o->count--;
	o->bytes -= p->bytes;
	o->under_way -= p->state == PARCEL_UNDER_WAY;
	free(p);
}

void outbox_fini(struct outbox *o)
{
	LIST_FOR_SAFE(it, &o->parcels)
		forget(o, CONTAINER_OF(it, struct parcel, node));
}

static bool drop_oldest(struct outbox *o)
{
	LIST_FOR(it, &o->parcels) {
		struct parcel *p = CONTAINER_OF(it, struct parcel, node);
		if (p->state == PARCEL_QUEUED) {
			forget(o, p);
			o->dropped++;
			return true;
		}
	}
	return false;
}

static char *put(char **at, struct bytes s)
{
	char *start = *at;
	if (s.len)
		memcpy(start, s.ptr, s.len);
	start[s.len] = 0;
	*at += s.len + 1;
	return start;
}

int outbox_add(struct outbox *o, const struct bus_publication *in, uint64_t now_us)
{
	size_t bytes = sizeof(struct parcel) + in->topic.len + in->payload.len + in->correlation.len + 3;
	if (bytes > OUTBOX_BYTES_MAX)
		return -EMSGSIZE;
	while (o->count >= OUTBOX_COUNT_MAX || o->bytes + bytes > OUTBOX_BYTES_MAX)
		if (!drop_oldest(o))
			return -ENOBUFS;
	struct parcel *p = malloc(bytes);
	if (!p)
		return -ENOMEM;
	uint32_t keep_s = in->keep_s ? in->keep_s : in->expiry_s ? in->expiry_s : KEEP_DEFAULT_S;
	*p = (struct parcel){
		.state = PARCEL_QUEUED, .payload_len = in->payload.len, .correlation_len = in->correlation.len, .bytes = bytes, .qos = in->qos,
		.retain = in->retain, .only_now = in->only_now, .queued_us = now_us, .deadline_us = now_us + (uint64_t)keep_s * 1000000,
		.expiry_s = in->expiry_s,
	};
	char *at = (char *)(p + 1);
	p->topic = put(&at, in->topic);
	p->payload = put(&at, in->payload);
	p->correlation = put(&at, in->correlation);
	list_add_tail(&o->parcels, &p->node);
	o->count++;
	o->bytes += bytes;
	return 0;
}

struct parcel *outbox_take(struct outbox *o, uint64_t now_us)
{
	if (o->under_way >= OUTBOX_UNDER_WAY_MAX)
		return NULL;
	LIST_FOR_SAFE(it, &o->parcels) {
		struct parcel *p = CONTAINER_OF(it, struct parcel, node);
		if (p->state != PARCEL_QUEUED)
			continue;
		if (now_us < p->deadline_us) {
			p->state = PARCEL_UNDER_WAY;
			o->under_way++;
			return p;
		}
		forget(o, p);
		o->dropped++;
	}
	return NULL;
}

void outbox_return(struct outbox *o, struct parcel *p)
{
	o->under_way -= p->state == PARCEL_UNDER_WAY;
	p->state = PARCEL_QUEUED;
}

void outbox_sweep(struct outbox *o)
{
	LIST_FOR_SAFE(it, &o->parcels) {
		struct parcel *p = CONTAINER_OF(it, struct parcel, node);
		if (p->state != PARCEL_ACKNOWLEDGED)
			continue;
		o->under_way--;
		forget(o, p);
	}
}

void outbox_rewind(struct outbox *o)
{
	outbox_sweep(o);
	LIST_FOR_SAFE(it, &o->parcels) {
		struct parcel *p = CONTAINER_OF(it, struct parcel, node);
		if (p->only_now) {
			forget(o, p);
		} else {
			outbox_return(o, p);
		}
	}
}
