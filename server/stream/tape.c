#include "server/stream/tape.h"

#include <string.h>

#include "lib/base/macros.h"

/* A reader that begins this close to the tail would be overtaken by the writer's next turns. */
static uint64_t tail_margin(const struct tape *t)
{
	return t->shared->ring_bytes / 8;
}

void tape_format(struct tape *t, uint64_t ring_bytes, uint64_t base)
{
	struct tape_shared *s = t->shared;
	s->ring_bytes = ring_bytes;
	s->base = base;
	s->state[0] = (struct tape_state){.head = base, .fill = base};
	s->layout = TAPE_LAYOUT;
	atomic_store(&s->head, base);
	atomic_store(&s->tail, base);
	s->magic = TAPE_MAGIC;
}

bool tape_attach(struct tape *t, uint64_t mapped_ring_bytes)
{
	struct tape_shared *s = t->shared;
	if (s->magic != TAPE_MAGIC || s->layout != TAPE_LAYOUT || s->ring_bytes != mapped_ring_bytes)
		return false;
	uint32_t active = atomic_load(&s->active);
	if (active > 1)
		return false;
	const struct tape_state *now = &s->state[active];
	uint64_t tail = atomic_load(&s->tail);
	if (now->head < s->base || now->fill < now->head || now->fill - now->head > s->ring_bytes || tail > now->head)
		return false;
	if (now->head - tail > s->ring_bytes)
		atomic_store(&s->tail, now->head - s->ring_bytes);
	atomic_store(&s->head, now->head);
	uint64_t count = atomic_load(&s->sync_count);
	while (count > 0 && s->sync[(count - 1) % TAPE_SYNC_MAX] > now->head)
		count--;
	atomic_store(&s->sync_count, count);
	return true;
}

uint64_t tape_head(const struct tape *t)
{
	return atomic_load_explicit(&t->shared->head, memory_order_acquire);
}

uint64_t tape_tail(const struct tape *t)
{
	return atomic_load_explicit(&t->shared->tail, memory_order_acquire);
}

struct tape_state tape_state(const struct tape *t)
{
	return t->shared->state[atomic_load(&t->shared->active) & 1];
}

static uint8_t *place(const struct tape *t, uint64_t offset)
{
	return t->ring + offset % t->shared->ring_bytes;
}

struct bytes tape_window(const struct tape *t, uint64_t from, size_t max)
{
	uint64_t head = tape_head(t);
	uint64_t len = from < head ? head - from : 0;
	return (struct bytes){(const char *)place(t, from), len < max ? (size_t)len : max};
}

bool tape_holds(const struct tape *t, uint64_t from)
{
	return from >= tape_tail(t) && from <= tape_head(t);
}

void tape_put(struct tape *t, uint64_t *fill, struct bytes in)
{
	struct tape_shared *s = t->shared;
	assert(in.len <= s->ring_bytes / 4);
	uint64_t end = *fill + in.len;
	if (end - s->base > s->ring_bytes && end - s->ring_bytes > tape_tail(t))
		atomic_store_explicit(&s->tail, end - s->ring_bytes, memory_order_release);
	if (in.len)
		memcpy(place(t, *fill), in.ptr, in.len);
	*fill = end;
}

void tape_cut(struct tape *t, uint64_t at, size_t len, uint64_t *fill)
{
	uint8_t *p = place(t, at);
	memmove(p, p + len, (size_t)(*fill - at) - len);
	*fill -= len;
}

struct bytes tape_unpublished(const struct tape *t, uint64_t from, uint64_t fill)
{
	return (struct bytes){(const char *)place(t, from), (size_t)(fill - from)};
}

void tape_mark(struct tape *t, uint64_t offset)
{
	struct tape_shared *s = t->shared;
	uint64_t count = atomic_load_explicit(&s->sync_count, memory_order_relaxed);
	if (count && offset < s->sync[(count - 1) % TAPE_SYNC_MAX] + s->ring_bytes / (TAPE_SYNC_MAX / 2))
		return;
	s->sync[count % TAPE_SYNC_MAX] = offset;
	atomic_store_explicit(&s->sync_count, count + 1, memory_order_release);
}

void tape_commit(struct tape *t, const struct tape_state *state)
{
	struct tape_shared *s = t->shared;
	uint32_t next = !(atomic_load_explicit(&s->active, memory_order_relaxed) & 1);
	s->state[next] = *state;
	atomic_store_explicit(&s->active, next, memory_order_release);
	atomic_store_explicit(&s->head, state->head, memory_order_release);
}

bool tape_sync_back(const struct tape *t, uint64_t n, uint64_t *offset, uint64_t *number)
{
	const struct tape_shared *s = t->shared;
	uint64_t count = atomic_load_explicit(&s->sync_count, memory_order_acquire);
	if (n >= count || n >= TAPE_SYNC_MAX)
		return false;
	uint64_t tail = tape_tail(t), at = s->sync[(count - 1 - n) % TAPE_SYNC_MAX];
	if (at < tail + (tail > s->base ? tail_margin(t) : 0))
		return false;
	*offset = at;
	*number = count - 1 - n;
	return true;
}

bool tape_find_sync(const struct tape *t, uint64_t want, uint64_t floor, uint64_t *offset)
{
	bool found = false;
	uint64_t at, number;
	for (uint64_t n = 0; tape_sync_back(t, n, &at, &number) && at >= floor; n++) {
		*offset = at;
		found = true;
		if (at <= want)
			break;
	}
	return found;
}
