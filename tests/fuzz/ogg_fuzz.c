/* room: stream */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "server/stream/ogg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {(const char *)data, size};
	struct ogg *o = ogg_new();
	struct ogg_page_facts page;
	struct ogg_facts facts;
	enum ogg_result r = OGG_MORE;
	while (in.len && (r = ogg_next(o, in, &page)) != OGG_MORE && r != OGG_REFUSED) {
		assert(page.consumed > 0 && page.consumed <= in.len);
		in = bytes_sub(in, page.consumed, SIZE_MAX);
	}
	ogg_facts(o, &facts);
	assert(r != OGG_REFUSED || page.why);
	ogg_free(o);
	return 0;
}
