/* room: stream */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "server/stream/mpeg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	uint64_t last, end;
	bool any;
};

static void on_frame(void *arg, uint64_t offset)
{
	struct seen *s = arg;
	assert(offset < s->end && (!s->any || offset > s->last));
	s->last = offset;
	s->any = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mpeg m;
	struct seen seen = {.end = size};
	mpeg_init(&m);
	size_t done = 0, step = size / 3 + 1;
	for (size_t have = step; done < size; have += step) {
		size_t upto = have < size ? have : size;
		done += mpeg_scan(&m, done, (struct bytes){(const char *)data + done, upto - done}, on_frame, &seen);
		assert(done <= size);
		if (upto == size)
			break;
	}
	return 0;
}
