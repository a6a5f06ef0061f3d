#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/fleet/code.h"
#include "lib/fleet/envelope.h"

#define ID "01JD3Z6N0W8X4T7Q2M5K9RVBCA"
#define GOOD "{\"sf\":1,\"fleet\":\"main\",\"to\":\"paris-1\",\"id\":\"" ID "\",\"verb\":\"ping\",\"iat\":1790000000123,\"ttl_s\":60,\"ctl\":\"ops-1\"}"

static int read_text(struct command_in *c, const char *text, struct error *e)
{
	error_clear(e);
	return envelope_read(c, bytes_of(text), e);
}

static int code_of(const char *text)
{
	struct command_in c;
	struct error e;
	int r = read_text(&c, text, &e);
	assert_true((r == 0) == !error_is_set(&e));
	command_in_fini(&c);
	return r;
}

static void what_was_written_is_read(void **state)
{
	struct buf out;
	struct command_in c;
	struct error e;
	buf_init(&out, 4096);
	envelope_write(&(struct envelope){.fleet = "main", .to = "paris-1", .id = ID, .verb = "config.apply", .ctl = "ops-1", .by = "a\"b@c", .iat_ms = 5000,
		.ttl_s = 7, .has_rev = true, .if_rev = 41, .dry_run = true, .args = "{\"x\":1}"}, &out);
	assert_int_equal(read_text(&c, buf_text(&out), &e), 0);
	assert_string_equal(c.id, ID);
	assert_string_equal(c.verb, "config.apply");
	assert_string_equal(c.to, "paris-1");
	assert_string_equal(c.by, "a\"b@c");
	assert_true(c.dry_run);
	assert_int_equal(c.exp_ms, 12000);
	assert_int_equal(json_number(c.json, "if.config_rev", 0), 41);
	assert_int_equal(json_number(c.json, "args.x", 0), 1);
	command_in_fini(&c);
	buf_fini(&out);
}

static void seal_lines_are_split_off_and_not_part_of_the_digest(void **state)
{
	struct command_in bare, sealed;
	struct error e;
	assert_int_equal(read_text(&bare, GOOD, &e), 0);
	assert_int_equal(read_text(&sealed, GOOD "\nsf1 k=ops s=AAAA\nsf1 k=two s=BBBB\n", &e), 0);
	assert_int_equal(bare.seals, 0);
	assert_int_equal(sealed.seals, 2);
	assert_string_equal(bare.sha256, sealed.sha256);
	command_in_fini(&bare);
	command_in_fini(&sealed);
	assert_int_equal(code_of(GOOD "\nsf1 a\nsf1 b\nsf1 c\nsf1 d\nsf1 e\n"), CODE_BAD_REQUEST);
}

static void what_json_readers_disagree_on_is_refused(void **state)
{
	assert_int_equal(code_of("{\"sf\":1,\"sf\":1}"), CODE_BAD_REQUEST);
	assert_int_equal(code_of("{\"a\":1e3}"), CODE_BAD_REQUEST);
	assert_int_equal(code_of("{\"a\":12345678901234567}"), CODE_BAD_REQUEST);
	assert_int_equal(code_of("{\"a\":0.1234}"), CODE_BAD_REQUEST);
	assert_int_equal(code_of("{\"a\":\"\xff\"}"), CODE_BAD_REQUEST);
	assert_int_equal(code_of("[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]"), CODE_BAD_REQUEST);
	assert_int_equal(code_of(GOOD "trailing"), CODE_BAD_REQUEST);
	assert_int_equal(code_of("not json"), CODE_BAD_REQUEST);
	assert_int_equal(code_of(""), CODE_BAD_REQUEST);
}

static void a_broken_command_still_says_who_asked(void **state)
{
	struct command_in c;
	struct error e;
	assert_int_equal(read_text(&c, "{\"sf\":1,\"id\":\"" ID "\",\"ctl\":\"ops-1\",\"verb\":\"ping\"}", &e), CODE_BAD_REQUEST);
	assert_string_equal(c.id, ID);
	assert_string_equal(c.ctl, "ops-1");
	assert_non_null(strstr(e.text, "iat"));
	command_in_fini(&c);
}

static void a_command_that_is_too_long_is_told_so(void **state)
{
	static char long_text[COMMAND_BYTES_MAX + 2];
	memset(long_text, ' ', sizeof(long_text) - 1);
	assert_int_equal(code_of(long_text), CODE_TOO_LARGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(seal_lines_are_split_off_and_not_part_of_the_digest),
		cmocka_unit_test(what_json_readers_disagree_on_is_refused),
		cmocka_unit_test(a_broken_command_still_says_who_asked),
		cmocka_unit_test(a_command_that_is_too_long_is_told_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
