#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/fleet/topic.h"

static struct fleet_root root;

static int make_root(void **state)
{
	struct error e;
	return fleet_root_init(&root, "radio/sf", "north", &e);
}

static void a_nodes_topic_is_taken_apart_as_it_was_made(void **state)
{
	struct buf out;
	struct bytes node, leaf;
	buf_init(&out, 400);
	topic_result(&out, &root, "paris-1", "ops-1", "ID");
	assert_string_equal(buf_text(&out), "radio/sf/1/north/n/paris-1/res/ops-1/ID");
	assert_true(topic_of_node(&root, buf_bytes(&out), &node, &leaf));
	assert_true(bytes_is(node, "paris-1"));
	assert_true(bytes_is(leaf, "res/ops-1/ID"));
	buf_fini(&out);
}

static void other_fleets_and_broken_names_are_not_ours(void **state)
{
	struct bytes a, b;
	assert_false(topic_of_node(&root, bytes_of("radio/sf/1/south/n/paris-1/cmd"), &a, &b));
	assert_false(topic_of_node(&root, bytes_of("radio/sf/1/north/n/Paris/cmd"), &a, &b));
	assert_false(topic_of_node(&root, bytes_of("radio/sf/1/north/n/paris-1"), &a, &b));
	assert_true(topic_of_group(&root, bytes_of("radio/sf/1/north/g/all/cmd"), &a));
	assert_false(topic_of_group(&root, bytes_of("radio/sf/1/north/g/all/cmd/x"), &a));
}

static void names_that_would_be_wildcards_are_refused(void **state)
{
	struct fleet_root r;
	struct error e;
	assert_int_not_equal(fleet_root_init(&r, "a/+", NULL, &e), 0);
	assert_int_not_equal(fleet_root_init(&r, "", "All", &e), 0);
	assert_int_equal(fleet_root_init(&r, "", "", &e), 0);
	assert_string_equal(r.text, "sf/1/main");
	assert_false(fleet_id_valid(bytes_of("-a")));
	assert_false(fleet_id_valid(bytes_of("a23456789012345678901234567890123456789012")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_nodes_topic_is_taken_apart_as_it_was_made),
		cmocka_unit_test(other_fleets_and_broken_names_are_not_ours),
		cmocka_unit_test(names_that_would_be_wildcards_are_refused),
	};
	return cmocka_run_group_tests(tests, make_root, NULL);
}
