#include "server/stream/weave.h"

#include "lib/base/macros.h"

static const struct bytes empty_block = BYTES_LITERAL("\0");

/* tape_mark leaves out near points; here each one counts, so it is written as it is. */
static void mark_block_end(struct tape *woven, uint64_t offset)
{
	uint64_t count = atomic_load_explicit(&woven->shared->sync_count, memory_order_relaxed);
	woven->shared->sync[count % TAPE_SYNC_MAX] = offset;
	atomic_store_explicit(&woven->shared->sync_count, count + 1, memory_order_release);
}

void weave_begin(struct weave *w, struct tape *plain, struct tape *woven, uint32_t interval, uint64_t from)
{
	*w = (struct weave){.plain = plain, .woven = woven, .interval = interval, .from = from, .next = from, .left = interval};
	mark_block_end(woven, woven->shared->base);
}

bool weave_attach(struct weave *w, struct tape *plain, struct tape *woven, uint32_t interval, uint64_t from)
{
	struct tape_shared *s = woven->shared;
	uint64_t count = atomic_load(&s->sync_count), head = tape_head(woven);
	*w = (struct weave){.plain = plain, .woven = woven, .interval = interval, .from = from};
	if (count == 0 || interval == 0)
		return false;
	uint64_t last = s->sync[(count - 1) % TAPE_SYNC_MAX];
	if (last > head || head - last > interval)
		return false;
	w->next = from + (count - 1) * interval + (head - last);
	w->left = interval - (uint32_t)(head - last);
	return w->next >= from && tape_holds(plain, w->next);
}

/* One publication: the bytes, and when a block ended with them, its sync point, both before the head moves. */
static void publish(struct weave *w, struct bytes part, bool ends_block)
{
	struct tape_state s = tape_state(w->woven);
	tape_put(w->woven, &s.fill, part);
	s.head = s.fill;
	if (ends_block)
		mark_block_end(w->woven, s.head);
	tape_commit(w->woven, &s);
}

bool weave_run(struct weave *w, struct bytes block, uint64_t title_version)
{
	while (tape_holds(w->plain, w->next)) {
		if (w->left == 0) {
			publish(w, w->told == title_version ? empty_block : block, true);
			w->told = title_version;
			w->left = w->interval;
		}
		struct bytes part = tape_window(w->plain, w->next, w->left);
		if (part.len == 0)
			return true;
		publish(w, part, false);
		w->next += part.len;
		w->left -= (uint32_t)part.len;
	}
	return false;
}

bool weave_entry(const struct weave *w, uint64_t burst_bytes, struct bytes block, struct buf *preamble, uint64_t *start)
{
	uint64_t at, number, chosen = 0, chosen_number = 0, head = tape_head(w->woven);
	bool found = false;
	for (uint64_t n = 0; tape_sync_back(w->woven, n, &at, &number); n++) {
		uint64_t audio_end = w->from + number * w->interval;
		if (number > 0 && !tape_holds(w->plain, audio_end - w->interval))
			break; /* the frames of the interval before it are gone */
		chosen = at;
		chosen_number = number;
		found = true;
		if (head - at + w->interval >= burst_bytes)
			break;
	}
	if (!found)
		return false;
	*start = chosen;
	if (chosen_number == 0)
		return true;
	uint64_t end = w->from + chosen_number * w->interval, begin;
	if (!tape_find_sync(w->plain, end - w->interval, end - w->interval, &begin) || begin > end)
		begin = end;
	uint32_t frames = (uint32_t)(end - begin);
	for (uint32_t pad = w->interval - frames; pad > 0; pad--)
		buf_addc(preamble, '\0');
	buf_add_bytes(preamble, tape_window(w->plain, begin, frames));
	buf_add_bytes(preamble, block);
	return true;
}
