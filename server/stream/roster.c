#include "server/stream/roster.h"

#include <string.h>

static uint64_t mounts_bytes(void)
{
	return sizeof(struct mount_record) * (uint64_t)ROSTER_MOUNTS_MAX;
}

static uint64_t arena_offset(uint32_t slots)
{
	uint64_t end = sizeof(struct roster_head) + mounts_bytes() + sizeof(struct roster_record) * (uint64_t)slots;
	return (end + 65535) / 65536 * 65536;
}

uint64_t roster_bytes(uint32_t slots)
{
	return arena_offset(slots) + (uint64_t)ARENA_BLOCK * ARENA_BLOCKS;
}

static void lay_out(struct roster *r, void *memory, uint32_t slots)
{
	char *p = memory;
	r->head = memory;
	r->mounts = (struct mount_record *)(p + sizeof(struct roster_head));
	r->records = (struct roster_record *)(p + sizeof(struct roster_head) + mounts_bytes());
	r->arena = (uint8_t *)p + arena_offset(slots);
}

void roster_format(struct roster *r, void *memory, uint32_t slots, uint64_t now_ms)
{
	lay_out(r, memory, slots);
	r->head->slots = slots;
	r->head->mounts = ROSTER_MOUNTS_MAX;
	r->head->started_ms = now_ms;
	atomic_store(&r->head->next_id, 1);
	r->head->layout = ROSTER_LAYOUT;
	r->head->magic = ROSTER_MAGIC;
}

bool roster_attach(struct roster *r, void *memory, uint64_t bytes)
{
	const struct roster_head *h = memory;
	if (bytes < sizeof(*h) || h->magic != ROSTER_MAGIC || h->layout != ROSTER_LAYOUT || h->mounts != ROSTER_MOUNTS_MAX)
		return false;
	if (roster_bytes(h->slots) != bytes)
		return false;
	lay_out(r, memory, h->slots);
	return true;
}

bool arena_ref_valid(struct arena_ref ref)
{
	if (ref.block == ROSTER_NONE)
		return true; /* sent and given back: its length still counts */
	return ref.block < ARENA_BLOCKS && ref.len <= (ARENA_BLOCKS - ref.block) * (uint64_t)ARENA_BLOCK;
}

struct bytes arena_bytes(const struct roster *r, struct arena_ref ref)
{
	if (ref.block == ROSTER_NONE || !arena_ref_valid(ref))
		return BYTES_NONE;
	return (struct bytes){(const char *)r->arena + (uint64_t)ref.block * ARENA_BLOCK, ref.len};
}

bool roster_record_valid(const struct roster *r, const struct roster_record *rec)
{
	uint32_t kind = atomic_load(&rec->kind);
	if (kind == ROSTER_FREE || kind >= ROSTER_KINDS || !arena_ref_valid(rec->preamble))
		return false;
	if (memchr(rec->ip, 0, sizeof(rec->ip)) == NULL || memchr(rec->agent, 0, sizeof(rec->agent)) == NULL)
		return false;
	if (kind != ROSTER_LISTENER && kind != ROSTER_SOURCE)
		return true;
	if (rec->mount >= ROSTER_MOUNTS_MAX)
		return false;
	const struct mount_record *m = &r->mounts[rec->mount];
	return atomic_load(&m->used) == 1 && m->generation == rec->mount_generation;
}

static bool ends(const char *text, size_t size)
{
	return memchr(text, 0, size) != NULL;
}

bool mount_record_valid(const struct mount_record *m)
{
	const struct mount_title *t = m->titles;
	bool texts = ends(m->name, sizeof(m->name)) && ends(m->content_type, sizeof(m->content_type)) &&
		     ends(m->stream_name, sizeof(m->stream_name)) && ends(m->description, sizeof(m->description)) &&
		     ends(m->genre, sizeof(m->genre)) && ends(m->url, sizeof(m->url)) && ends(m->audio_info, sizeof(m->audio_info)) &&
		     ends(m->user_agent, sizeof(m->user_agent)) && ends(m->source_ip, sizeof(m->source_ip)) && ends(m->subtype, sizeof(m->subtype));
	bool titles = ends(t[0].title, sizeof(t[0].title)) && ends(t[1].title, sizeof(t[1].title)) &&
		      ends(t[0].artist, sizeof(t[0].artist)) && ends(t[1].artist, sizeof(t[1].artist));
	return texts && titles && m->name[0] == '/' && m->format <= MOUNT_OGG && arena_ref_valid(m->links[0].headers) &&
	       arena_ref_valid(m->links[1].headers);
}

struct mount_title mount_title(const struct mount_record *m)
{
	return m->titles[atomic_load(&m->title_version) & 1];
}

void mount_set_title(struct mount_record *m, struct bytes title, struct bytes artist)
{
	uint32_t next = atomic_load(&m->title_version) + 1;
	struct mount_title *t = &m->titles[next & 1];
	bytes_copy(title, t->title, sizeof(t->title));
	bytes_copy(artist, t->artist, sizeof(t->artist));
	atomic_store(&m->title_version, next);
}

struct mount_link mount_link(const struct mount_record *m)
{
	return m->links[atomic_load(&m->link_version) & 1];
}

void mount_set_link(struct mount_record *m, const struct mount_link *link)
{
	uint32_t next = atomic_load(&m->link_version) + 1;
	m->links[next & 1] = *link;
	atomic_store(&m->link_version, next);
}
