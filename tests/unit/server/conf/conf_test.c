#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "server/conf/conf.h"

#define LOGIN "<authentication><source-password>sp</source-password><admin-password>ap</admin-password></authentication>"

static struct conf *parse(const char *xml, struct conf_findings *f)
{
	*f = (struct conf_findings){0};
	return conf_parse(bytes_of(xml), NULL, f);
}

static bool finds(const struct conf_findings *f, enum conf_severity severity, int line, const char *path)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->rows[i].severity == severity && f->rows[i].line == line && strstr(f->rows[i].path, path))
			return true;
	return false;
}

static void refused(const char *xml, int line, const char *path)
{
	struct conf_findings f;
	struct conf *c = parse(xml, &f);
	assert_null(c);
	assert_true(finds(&f, CONF_ERROR, line, path));
	conf_findings_fini(&f);
}

static void the_usual_elements_are_read(void **state)
{
	struct conf_findings f;
	struct conf *c = parse("<icecast><hostname>h</hostname><limits><clients>7</clients></limits>" LOGIN
			       "<listen-socket><port>8010</port></listen-socket><mount><mount-name>/a</mount-name><password>p</password></mount></icecast>", &f);
	assert_non_null(c);
	assert_string_equal(c->hostname, "h");
	assert_int_equal(c->limits.clients, 7);
	assert_int_equal(c->limits.sources, 16);
	assert_int_equal(c->n_listen, 1);
	assert_int_equal(c->listen[0].port, 8010);
	assert_string_equal(c->mounts[0].password, "p");
	conf_free(c);
	conf_findings_fini(&f);
}

static void bad_input_is_refused_with_its_line_and_element(void **state)
{
	refused("<icecast>\n<limits>\n<clients>0</clients></limits>" LOGIN "</icecast>", 3, "limits/clients");
	refused("<icecast>\n<limits", 2, "");
	refused("<icecast>\n<authentication/>\n</icecast>", 2, "authentication/source-password");
	refused("<icecast>" LOGIN "\n<mount><mount-name>/a</mount-name><fallback-mount>/a</fallback-mount></mount></icecast>", 2, "/a");
	refused("<icecast>" LOGIN "\n<mount><mount-name>a</mount-name></mount></icecast>", 2, "a");
	refused("<!DOCTYPE icecast [<!ENTITY a 'b'>]><icecast>" LOGIN "</icecast>", 1, "");
}

static void hackme_is_warned_about(void **state)
{
	struct conf_findings f;
	struct conf *c = parse("<icecast>\n<authentication>\n<source-password>hackme</source-password><admin-password>x</admin-password></authentication></icecast>", &f);
	assert_non_null(c);
	assert_true(finds(&f, CONF_WARNING, 3, "source-password"));
	conf_free(c);
	conf_findings_fini(&f);
}

static void a_default_file_can_be_run(void **state)
{
	struct conf_findings f = {0};
	struct buf xml;
	buf_init(&xml, 65536);
	conf_default_xml(&xml, "a<b", "c&d", "e");
	struct conf *c = conf_parse(buf_bytes(&xml), NULL, &f);
	assert_non_null(c);
	assert_string_equal(c->auth.source_password, "a<b");
	conf_free(c);
	buf_fini(&xml);
	conf_findings_fini(&f);
}

static void a_difference_has_a_class_and_hides_secrets(void **state)
{
	struct conf_findings f;
	struct conf_diff d;
	struct conf *a = parse("<icecast>" LOGIN "</icecast>", &f);
	conf_findings_fini(&f);
	struct conf *b = parse("<icecast><authentication><source-password>other</source-password><admin-password>ap</admin-password></authentication>"
			       "<listen-socket><port>9000</port></listen-socket></icecast>", &f);
	conf_findings_fini(&f);
	conf_diff(a, b, &d);
	assert_int_equal(d.n, 2);
	assert_int_equal(d.class, CONF_CLASS_RESTART);
	assert_string_equal(d.rows[0].path, "authentication/source-password");
	assert_string_equal(d.rows[0].new_value, "***");
	conf_diff_fini(&d);
	conf_diff(a, a, &d);
	assert_int_equal(d.n, 0);
	conf_diff_fini(&d);
	conf_free(a);
	conf_free(b);
}

static const char secret_file[] =
	"<icecast><!-- <password>not this</password> -->\n"
	"<authentication><source-password>s1</source-password><admin-user>u</admin-user><admin-password> a1 </admin-password></authentication>\n"
	"<mount><password>m1</password><mount-name>/a</mount-name><hidden/></mount>\n"
	"<mount password=\"m2\"><mount-name>/b</mount-name></mount>\n</icecast>\n";

static void redacting_takes_secrets_out_and_filling_puts_them_back(void **state)
{
	struct conf_findings f = {0};
	struct buf redacted, filled;
	unsigned kept, plain;
	buf_init(&redacted, 65536);
	buf_init(&filled, 65536);
	assert_int_equal(conf_redact(bytes_of(secret_file), &redacted, NULL), 0);
	assert_null(strstr(buf_text(&redacted), "s1"));
	assert_null(strstr(buf_text(&redacted), "a1"));
	assert_null(strstr(buf_text(&redacted), "m1"));
	assert_null(strstr(buf_text(&redacted), "m2"));
	assert_non_null(strstr(buf_text(&redacted), "not this"));
	assert_int_equal(conf_fill(buf_bytes(&redacted), bytes_of(secret_file), &filled, &kept, &plain, &f), 0);
	assert_int_equal(kept, 4);
	assert_int_equal(plain, 0);
	assert_string_equal(buf_text(&filled), secret_file);
	buf_fini(&redacted);
	buf_fini(&filled);
}

static void a_kept_secret_of_a_mount_is_found_by_the_mounts_name(void **state)
{
	struct conf_findings f = {0};
	struct buf filled;
	unsigned kept, plain;
	buf_init(&filled, 65536);
	assert_int_equal(conf_fill(bytes_of("<icecast><mount><mount-name>/b</mount-name><password>@keep</password></mount></icecast>"),
				 bytes_of(secret_file), &filled, &kept, &plain, &f), 0);
	assert_non_null(strstr(buf_text(&filled), "<password>m2</password>"));
	buf_clear(&filled);
	assert_int_equal(conf_fill(bytes_of("<icecast>\n<mount><mount-name>/c</mount-name><password>@keep</password></mount></icecast>"),
				 bytes_of(secret_file), &filled, &kept, &plain, &f), -ENOENT);
	assert_true(finds(&f, CONF_ERROR, 2, "mount/password"));
	conf_findings_fini(&f);
	buf_fini(&filled);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_usual_elements_are_read), cmocka_unit_test(bad_input_is_refused_with_its_line_and_element),
		cmocka_unit_test(hackme_is_warned_about), cmocka_unit_test(a_default_file_can_be_run),
		cmocka_unit_test(a_difference_has_a_class_and_hides_secrets),
		cmocka_unit_test(redacting_takes_secrets_out_and_filling_puts_them_back),
		cmocka_unit_test(a_kept_secret_of_a_mount_is_found_by_the_mounts_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
