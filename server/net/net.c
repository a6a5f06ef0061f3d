#include "server/net/net.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "server/net/link.h"
#include "server/net/listener.h"

int net_init(struct net *n, struct loop *loop, const struct roster *r)
{
	uint32_t slots = r->head->slots;
	*n = (struct net){.loop = loop, .roster = *r, .link = -1, .access_fd = -1};
	list_init(&n->conns);
	n->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	n->free_slots = calloc(slots, sizeof(uint32_t));
	n->releasing = calloc(slots, sizeof(uint32_t));
	n->arena_used = calloc(ARENA_BLOCKS / 64, sizeof(uint64_t));
	n->listeners = mmap(NULL, sizeof(struct listener) * slots, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (n->listeners == MAP_FAILED)
		n->listeners = NULL;
	return n->free_slots && n->releasing && n->arena_used && n->listeners ? 0 : -ENOMEM;
}

uint64_t net_now_us(const struct net *n)
{
	return loop_now_us(n->loop);
}

bool net_draining(const struct net *n)
{
	return n->roster.head->draining != 0;
}

struct roster_record *net_record(struct net *n, uint32_t slot)
{
	assert(slot < n->roster.head->slots);
	return &n->roster.records[slot];
}

/* Takes back slots whose records the keeper has freed since. */
static void collect_released(struct net *n)
{
	uint32_t slots = n->roster.head->slots;
	while (n->n_releasing) {
		uint32_t slot = n->releasing[n->releasing_first];
		if (atomic_load(&net_record(n, slot)->kind) != ROSTER_FREE)
			return;
		n->releasing_first = (n->releasing_first + 1) % slots;
		n->n_releasing--;
		n->free_slots[n->n_free_slots++] = slot;
	}
}

uint32_t net_take_slot(struct net *n)
{
	collect_released(n);
	if (n->n_free_slots == 0)
		return ROSTER_NONE;
	uint32_t slot = n->free_slots[--n->n_free_slots];
	struct roster_record *r = net_record(n, slot);
	uint32_t generation = r->generation + 1;
	memset(r, 0, sizeof(*r));
	r->generation = generation;
	r->preamble = (struct arena_ref){ROSTER_NONE, 0};
	r->mount = ROSTER_NONE;
	return slot;
}

void net_untake_slot(struct net *n, uint32_t slot)
{
	struct roster_record *r = net_record(n, slot);
	net_arena_free(n, r->preamble);
	r->preamble = (struct arena_ref){ROSTER_NONE, 0};
	atomic_store(&r->kind, ROSTER_FREE);
	n->free_slots[n->n_free_slots++] = slot;
}

int net_hold(struct net *n, uint32_t slot, int fd)
{
	struct link_message m = {.kind = LINK_HOLD, .slot = slot, .generation = net_record(n, slot)->generation};
	return link_send(n->link, &m, fd);
}

void net_release(struct net *n, uint32_t slot)
{
	struct roster_record *r = net_record(n, slot);
	net_arena_free(n, r->preamble);
	r->preamble = (struct arena_ref){ROSTER_NONE, 0};
	struct link_message m = {.kind = LINK_RELEASE, .slot = slot, .generation = r->generation};
	link_send(n->link, &m, -1);
	n->releasing[(n->releasing_first + n->n_releasing++) % n->roster.head->slots] = slot;
}

/* ---- the arena: first fit from where the last search ended ---- */

static bool block_used(const struct net *n, uint32_t block)
{
	return n->arena_used[block / 64] >> (block % 64) & 1;
}

static void set_blocks(struct net *n, uint32_t block, uint32_t count, bool used)
{
	for (uint32_t i = block; i < block + count; i++) {
		uint64_t bit = 1ull << (i % 64);
		if (used)
			n->arena_used[i / 64] |= bit;
		else
			n->arena_used[i / 64] &= ~bit;
	}
}

static uint32_t blocks_of(uint32_t len)
{
	return (len + ARENA_BLOCK - 1) / ARENA_BLOCK;
}

static uint32_t find_blocks(const struct net *n, uint32_t from, uint32_t to, uint32_t count)
{
	uint32_t run = 0;
	for (uint32_t i = from; i < to; i++) {
		run = block_used(n, i) ? 0 : run + 1;
		if (run == count)
			return i + 1 - count;
	}
	return ROSTER_NONE;
}

struct arena_ref net_arena_put(struct net *n, struct bytes content)
{
	struct arena_ref none = {ROSTER_NONE, 0};
	uint32_t count = blocks_of((uint32_t)content.len);
	if (count == 0 || content.len > (size_t)ARENA_BLOCK * ARENA_BLOCKS)
		return none;
	uint32_t at = find_blocks(n, n->arena_next, ARENA_BLOCKS, count);
	if (at == ROSTER_NONE)
		at = find_blocks(n, 0, ARENA_BLOCKS, count);
	if (at == ROSTER_NONE)
		return none;
	set_blocks(n, at, count, true);
	/* low blocks are taken again first while there is little in use: fewer pages are touched */
	n->arena_next = at + count < ARENA_BLOCKS / 2 ? at + count : 0;
	struct arena_ref ref = {at, (uint32_t)content.len};
	memcpy(n->roster.arena + (uint64_t)at * ARENA_BLOCK, content.ptr, content.len);
	return ref;
}

void net_arena_free(struct net *n, struct arena_ref ref)
{
	if (ref.block == ROSTER_NONE)
		return;
	set_blocks(n, ref.block, blocks_of(ref.len), false);
	if (ref.block < n->arena_next)
		n->arena_next = ref.block;
}

static void keep_ref(struct net *n, struct arena_ref ref)
{
	if (ref.block != ROSTER_NONE && arena_ref_valid(ref))
		set_blocks(n, ref.block, blocks_of(ref.len), true);
}

void net_derive_free(struct net *n)
{
	for (uint32_t i = 0; i < ROSTER_MOUNTS_MAX; i++)
		if (atomic_load(&n->roster.mounts[i].used))
			keep_ref(n, mount_link(&n->roster.mounts[i]).headers);
	for (uint32_t i = n->roster.head->slots; i-- > 0;) {
		struct roster_record *r = net_record(n, i);
		if (atomic_load(&r->kind) == ROSTER_FREE)
			n->free_slots[n->n_free_slots++] = i;
		else
			keep_ref(n, r->preamble);
	}
}
