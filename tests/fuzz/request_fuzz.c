/* room: http */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/http/chunked.h"
#include "lib/http/request.h"
#include "lib/http/response.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {(const char *)data, size}, piece;
	struct http_request q;
	struct http_response r;
	struct http_credentials c;
	struct chunked chunks;
	struct buf out;
	buf_init(&out, 65536);
	if (http_request_parse(&q, in) == HTTP_PARSED) {
		assert(q.head_len <= size && q.n_fields <= HTTP_FIELDS_MAX);
		http_credentials(&q, &c);
		http_path_decode(&out, q.path);
		http_query(&out, q.query, "mount");
	}
	if (http_response_parse(&r, in) == HTTP_PARSED)
		assert(r.head_len <= size);
	chunked_init(&chunks);
	while (chunked_decode(&chunks, &in, &piece) == CHUNKED_DATA)
		assert(piece.len <= size);
	buf_fini(&out);
	return 0;
}
