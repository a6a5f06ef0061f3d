/*
 * Where the secrets lie in the text of an icecast.xml, so that they can be taken
 * out or put back while layout and comments stay. A scanner of tags, not a parser: what it
 * takes is judged by conf_parse() before it is used.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/macros.h"
#include "server/conf/conf.h"

#define DEPTH 16
#define SECRETS_MAX 1024
#define NAME_ROOM 64

struct secret {
	size_t at, len;
	unsigned mount; /* ordinal of the mount it lies in; 0: none */
	unsigned same;  /* ordinal among those of its path outside of mounts */
	bool attribute;
	char path[256];
};

struct scan {
	struct bytes xml;
	size_t at;
	char stack[DEPTH][NAME_ROOM];
	unsigned depth, mounts;
	size_t text_at; /* behind the last start tag */
	struct secret *rows;
	size_t n;
	struct bytes *mount_names; /* by ordinal - 1 */
};

static bool is_secret(const char *name)
{
	static const char *const names[] = {"source-password", "admin-password", "relay-password", "master-password", "cluster-password", "password"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static bool in_mount(const struct scan *s)
{
	return s->depth >= 2 && strcmp(s->stack[1], "mount") == 0;
}

static void note(struct scan *s, const char *name, size_t at, size_t len, bool attribute)
{
	if (in_mount(s) && strcmp(name, "mount-name") == 0 && s->mounts)
		s->mount_names[s->mounts - 1] = bytes_trim((struct bytes){s->xml.ptr + at, len});
	bool option = strcmp(name, "value") == 0 && s->depth >= 2 && s->depth <= DEPTH && strcmp(s->stack[s->depth - 1], "option") == 0;
	if ((!is_secret(name) && !option) || s->n == SECRETS_MAX)
		return;
	struct secret r = {.at = at, .len = len, .attribute = attribute, .mount = in_mount(s) ? s->mounts : 0};
	size_t used = 0;
	for (unsigned i = 1; i < MIN_OF(s->depth, DEPTH) && used < sizeof(r.path); i++)
		used += (size_t)snprintf(r.path + used, sizeof(r.path) - used, "%s/", s->stack[i]);
	if (used < sizeof(r.path))
		snprintf(r.path + used, sizeof(r.path) - used, "%s", name);
	for (size_t i = 0; i < s->n; i++)
		if (s->rows[i].mount == r.mount && strcmp(s->rows[i].path, r.path) == 0)
			r.same++;
	s->rows[s->n++] = r;
}

static bool name_char(char c)
{
	return c && !strchr(" \t\r\n/>=<\"'", c);
}

static void take_name(struct scan *s, char out[NAME_ROOM])
{
	size_t from = s->at;
	while (s->at < s->xml.len && name_char(s->xml.ptr[s->at]))
		s->at++;
	bytes_copy(bytes_sub(s->xml, from, s->at - from), out, NAME_ROOM);
}

/* Behind '<name': the attributes, up to behind '>'. True when it was "/>". */
static bool take_attributes(struct scan *s)
{
	char name[NAME_ROOM] = "";
	bool closed = false;
	while (s->at < s->xml.len && s->xml.ptr[s->at] != '>') {
		char c = s->xml.ptr[s->at];
		closed = c == '/';
		if (c == '"' || c == '\'') {
			ptrdiff_t end = bytes_find(bytes_sub(s->xml, s->at + 1, SIZE_MAX / 2), c);
			if (end < 0)
				break;
			note(s, name, s->at + 1, (size_t)end, true);
			s->at += (size_t)end + 2;
		} else if (name_char(c)) {
			take_name(s, name);
		} else {
			s->at++;
		}
	}
	if (s->at < s->xml.len)
		s->at++;
	return closed;
}

static void start_tag(struct scan *s)
{
	char name[NAME_ROOM];
	s->at++;
	take_name(s, name);
	if (s->depth < DEPTH)
		bytes_copy(bytes_of(name), s->stack[s->depth], NAME_ROOM);
	s->depth++;
	if (s->depth == 2 && strcmp(name, "mount") == 0 && s->mounts < SECRETS_MAX)
		s->mounts++;
	bool closed = take_attributes(s);
	s->text_at = closed ? SIZE_MAX : s->at;
	if (closed)
		s->depth--;
}

static void end_tag(struct scan *s, size_t tag_at)
{
	ptrdiff_t end = bytes_find(bytes_sub(s->xml, tag_at, SIZE_MAX / 2), '>');
	if (s->depth)
		s->depth--;
	if (s->depth < DEPTH && s->text_at <= tag_at) {
		char name[NAME_ROOM];
		bytes_copy(bytes_of(s->stack[s->depth]), name, sizeof(name));
		note(s, name, s->text_at, tag_at - s->text_at, false);
	}
	s->text_at = SIZE_MAX; /* until the next start tag there is no text of a leaf */
	s->at = end < 0 ? s->xml.len : tag_at + (size_t)end + 1;
}

/* Skips to behind `end`; the position when there is none is the end of the text. */
static void skip_past(struct scan *s, const char *end)
{
	ptrdiff_t found = bytes_search(bytes_sub(s->xml, s->at, SIZE_MAX / 2), bytes_of(end));
	s->at = found < 0 ? s->xml.len : s->at + (size_t)found + strlen(end);
}

static void run(struct scan *s)
{
	while (s->at < s->xml.len) {
		struct bytes rest = bytes_sub(s->xml, s->at, SIZE_MAX / 2);
		if (rest.ptr[0] != '<')
			s->at++;
		else if (bytes_starts(rest, "<!--"))
			skip_past(s, "-->");
		else if (bytes_starts(rest, "<![CDATA["))
			skip_past(s, "]]>");
		else if (bytes_starts(rest, "<?") || bytes_starts(rest, "<!"))
			skip_past(s, ">");
		else if (bytes_starts(rest, "</"))
			end_tag(s, s->at);
		else
			start_tag(s);
	}
}

static bool scan_open(struct scan *s, struct bytes xml)
{
	*s = (struct scan){.xml = xml, .rows = calloc(SECRETS_MAX, sizeof(struct secret)), .mount_names = calloc(SECRETS_MAX, sizeof(struct bytes))};
	if (!s->rows || !s->mount_names)
		return false;
	run(s);
	return true;
}

static void scan_close(struct scan *s)
{
	free(s->rows);
	free(s->mount_names);
}

static struct bytes secret_text(const struct scan *s, const struct secret *r)
{
	return bytes_sub(s->xml, r->at, r->len);
}

static int by_place(const void *a, const void *b)
{
	size_t x = ((const struct secret *)a)->at, y = ((const struct secret *)b)->at;
	return x < y ? -1 : x > y;
}

int conf_redact(struct bytes xml, struct buf *out, struct error *e)
{
	struct scan s;
	size_t from = 0;
	if (!scan_open(&s, xml)) {
		scan_close(&s);
		return error_set(e, -ENOMEM, "no memory");
	}
	qsort(s.rows, s.n, sizeof(*s.rows), by_place);
	for (size_t i = 0; i < s.n; i++) {
		buf_add_bytes(out, bytes_sub(xml, from, s.rows[i].at - from));
		buf_adds(out, "@keep");
		from = s.rows[i].at + s.rows[i].len;
	}
	buf_add_bytes(out, bytes_sub(xml, from, xml.len - from));
	int r = s.n == SECRETS_MAX ? error_set(e, -EFBIG, "more than %d secrets", SECRETS_MAX) : 0;
	scan_close(&s);
	return r;
}

static const struct secret *same_secret(const struct scan *running, const struct scan *fresh, const struct secret *want)
{
	for (size_t i = 0; i < running->n; i++) {
		const struct secret *r = &running->rows[i];
		if (strcmp(r->path, want->path) != 0 || r->same != want->same || !r->mount != !want->mount)
			continue;
		if (!want->mount || bytes_eq(running->mount_names[r->mount - 1], fresh->mount_names[want->mount - 1]))
			return r;
	}
	return NULL;
}

static void add_kept(struct buf *out, struct bytes value, bool attribute)
{
	for (size_t i = 0; i < value.len; i++) {
		if (attribute && value.ptr[i] == '"')
			buf_adds(out, "&quot;");
		else if (attribute && value.ptr[i] == '\'')
			buf_adds(out, "&apos;");
		else
			buf_addc(out, value.ptr[i]);
	}
}

static int line_of(struct bytes xml, size_t at)
{
	int line = 1;
	for (size_t i = 0; i < at; i++)
		line += xml.ptr[i] == '\n';
	return line;
}

static int fill(struct scan *fresh, const struct scan *running, struct buf *out, unsigned *kept, unsigned *plain, struct conf_findings *f)
{
	size_t from = 0;
	int result = 0;
	qsort(fresh->rows, fresh->n, sizeof(*fresh->rows), by_place);
	for (size_t i = 0; i < fresh->n; i++) {
		const struct secret *want = &fresh->rows[i];
		if (!bytes_is(bytes_trim(secret_text(fresh, want)), "@keep")) {
			++*plain;
			continue;
		}
		const struct secret *have = same_secret(running, fresh, want);
		if (!have) {
			conf_findings_add(f, CONF_ERROR, line_of(fresh->xml, want->at), want->path, "\"@keep\": the running file has no value here: give the password itself");
			result = -ENOENT;
			continue;
		}
		buf_add_bytes(out, bytes_sub(fresh->xml, from, want->at - from));
		add_kept(out, secret_text(running, have), want->attribute);
		from = want->at + want->len;
		++*kept;
	}
	buf_add_bytes(out, bytes_sub(fresh->xml, from, fresh->xml.len - from));
	return result;
}

int conf_fill(struct bytes xml, struct bytes running_xml, struct buf *out, unsigned *kept, unsigned *plain, struct conf_findings *f)
{
	struct scan fresh, running;
	*kept = *plain = 0;
	bool ok = scan_open(&fresh, xml);
	ok = scan_open(&running, running_xml) && ok;
	int r = ok ? fill(&fresh, &running, out, kept, plain, f) : -ENOMEM;
	scan_close(&fresh);
	scan_close(&running);
	return r;
}
