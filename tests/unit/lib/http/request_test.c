#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/http/chunked.h"
#include "lib/http/request.h"

static enum http_parse parse(struct http_request *r, const char *text)
{
	return http_request_parse(r, bytes_of(text));
}

static void a_source_request_is_taken_apart(void **state)
{
	struct http_request r;
	struct http_credentials c;
	assert_int_equal(parse(&r, "SOURCE /live?a=1 ICE/1.0\r\nAuthorization: Basic c291cmNlOnB3\r\n\r\nrest"), HTTP_PARSED);
	assert_true(bytes_is(r.method, "SOURCE"));
	assert_true(bytes_is(r.path, "/live"));
	assert_true(bytes_is(r.query, "a=1"));
	assert_int_equal(r.version, HTTP_ICE_1_0);
	http_credentials(&r, &c);
	assert_int_equal(c.kind, HTTP_CREDENTIALS_BASIC);
	assert_string_equal(c.user, "source");
	assert_string_equal(c.password, "pw");
}

static void an_unfinished_head_is_incomplete(void **state)
{
	struct http_request r;
	assert_int_equal(parse(&r, "GET / HTTP/1.1\r\nHost: a\r\n"), HTTP_INCOMPLETE);
}

static void a_folded_field_is_refused(void **state)
{
	struct http_request r;
	assert_int_equal(parse(&r, "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n"), HTTP_BAD);
}

static void two_different_lengths_are_refused(void **state)
{
	struct http_request r;
	bool present;
	uint64_t len;
	assert_int_equal(parse(&r, "PUT / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n"), HTTP_PARSED);
	assert_false(http_content_length(&r, &present, &len));
}

static void a_path_that_climbs_is_refused(void **state)
{
	struct buf out;
	buf_init(&out, 4096);
	assert_false(http_path_decode(&out, bytes_of("/a/%2e%2e/b")));
	buf_clear(&out);
	assert_true(http_path_decode(&out, bytes_of("/a%20b")));
	assert_string_equal(buf_text(&out), "/a b");
	buf_fini(&out);
}

static void chunks_that_come_byte_by_byte_are_joined(void **state)
{
	static const char text[] = "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n";
	struct chunked c;
	char got[16] = "";
	size_t n = 0;
	enum chunked_result last = CHUNKED_MORE;
	chunked_init(&c);
	for (size_t i = 0; i < strlen(text); i++) {
		struct bytes in = {text + i, 1}, data;
		while ((last = chunked_decode(&c, &in, &data)) == CHUNKED_DATA)
			for (size_t k = 0; k < data.len; k++)
				got[n++] = data.ptr[k];
	}
	assert_int_equal(last, CHUNKED_END);
	assert_string_equal(got, "abcde");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_source_request_is_taken_apart), cmocka_unit_test(an_unfinished_head_is_incomplete),
		cmocka_unit_test(a_folded_field_is_refused), cmocka_unit_test(two_different_lengths_are_refused),
		cmocka_unit_test(a_path_that_climbs_is_refused), cmocka_unit_test(chunks_that_come_byte_by_byte_are_joined),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
