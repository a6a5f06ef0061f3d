#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "lib/bus/broker.h"
#include "lib/bus/bus.h"
#include "lib/bus/outbox.h"
#include "lib/bus/retry.h"

static int parse(struct broker *b, const char *url)
{
	struct error e;
	return broker_parse(b, url, false, &e);
}

static void an_address_is_taken_apart_and_printed_without_its_secrets(void **state)
{
	struct broker b;
	struct buf out;
	buf_init(&out, 400);
	assert_int_equal(parse(&b, "mqtts://me:p%40ss@broker.example"), 0);
	assert_string_equal(b.host, "broker.example");
	assert_int_equal(b.port, 8883);
	assert_string_equal(b.user, "me");
	assert_string_equal(b.password, "p@ss");
	broker_text(&b, &out);
	assert_string_equal(buf_text(&out), "mqtts://broker.example:8883");
	buf_clear(&out);
	assert_int_equal(parse(&b, "ws://[::1]:9001/mqtt"), 0);
	broker_text(&b, &out);
	assert_string_equal(buf_text(&out), "ws://[::1]:9001/mqtt");
	buf_fini(&out);
}

static void plain_addresses_of_other_machines_are_refused(void **state)
{
	struct broker b;
	struct error e;
	assert_int_equal(parse(&b, "mqtt://broker.example"), -EACCES);
	assert_int_equal(parse(&b, "mqtt://127.0.0.1.example"), -EACCES);
	assert_int_equal(broker_parse(&b, "mqtt://broker.example", true, &e), 0);
	assert_int_equal(parse(&b, "mqtt://127.1.2.3:1"), 0);
	assert_int_equal(parse(&b, "mqtt://localhost"), 0);
}

static void what_is_no_address_is_refused(void **state)
{
	struct broker b;
	const char *wrong[] = {"", "broker.example", "http://broker.example", "mqtts://", "mqtts://a:0", "mqtts://a:65536", "mqtts://a:1/x", "mqtts://a b"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(parse(&b, wrong[i]), -EINVAL);
}

static void retries_wait_longer_but_not_for_ever(void **state)
{
	struct retry r;
	retry_reset(&r);
	assert_true(retry_next_ms(&r, BUS_TROUBLE_CONNECT, 0xffffffff) <= 3000);
	for (uint32_t i = 0; i < 100; i++) {
		uint32_t ms = retry_next_ms(&r, BUS_TROUBLE_CONNECT, i * 2654435761u);
		assert_in_range(ms, 1000, 60000);
	}
	assert_in_range(retry_next_ms(&r, BUS_TROUBLE_LOGIN, 0), 60000, 66000);
	assert_in_range(retry_next_ms(&r, BUS_TROUBLE_LOGIN, 0), 120000, 132000);
	for (int i = 0; i < 10; i++)
		assert_in_range(retry_next_ms(&r, BUS_TROUBLE_LOGIN, 0), 60000, 660000);
}

static struct bus_publication letter(const char *text)
{
	return (struct bus_publication){.topic = bytes_of("t"), .payload = bytes_of(text), .qos = 1};
}

static void what_was_under_way_when_the_line_broke_is_sent_again_in_order(void **state)
{
	struct outbox o;
	struct bus_publication one = letter("1"), two = letter("2"), now = letter("now");
	now.only_now = true;
	outbox_init(&o);
	assert_int_equal(outbox_add(&o, &one, 0), 0);
	assert_int_equal(outbox_add(&o, &now, 0), 0);
	assert_int_equal(outbox_add(&o, &two, 0), 0);
	assert_string_equal(outbox_take(&o, 1)->payload, "1");
	outbox_rewind(&o);
	struct parcel *p = outbox_take(&o, 1);
	assert_string_equal(p->payload, "1");
	assert_string_equal(outbox_take(&o, 1)->payload, "2");
	assert_null(outbox_take(&o, 1));
	p->state = PARCEL_ACKNOWLEDGED;
	outbox_sweep(&o);
	assert_int_equal(o.count, 1);
	outbox_fini(&o);
}

static void what_is_too_late_is_not_sent(void **state)
{
	struct outbox o;
	struct bus_publication late = letter("late");
	late.keep_s = 1;
	outbox_init(&o);
	assert_int_equal(outbox_add(&o, &late, 0), 0);
	assert_null(outbox_take(&o, 2000000));
	assert_int_equal(o.dropped, 1);
	assert_int_equal(o.count, 0);
	outbox_fini(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_taken_apart_and_printed_without_its_secrets),
		cmocka_unit_test(plain_addresses_of_other_machines_are_refused),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(retries_wait_longer_but_not_for_ever),
		cmocka_unit_test(what_was_under_way_when_the_line_broke_is_sent_again_in_order),
		cmocka_unit_test(what_is_too_late_is_not_sent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
