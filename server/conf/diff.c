#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/escape.h"
#include "server/conf/conf.h"
#include "server/conf/schema.h"

static const char *const class_names[] = {"none", "hot", "reload", "listeners", "restart"};

const char *conf_class_name(enum conf_class c)
{
	return class_names[c];
}

static char *copy(const char *s)
{
	return s ? strdup(s) : NULL;
}

static void add(struct conf_diff *d, const char *path, const char *before, const char *after, enum conf_class class)
{
	struct conf_change *rows = realloc(d->rows, (d->n + 1) * sizeof(*rows));
	if (!rows)
		abort(); /* kilobytes */
	d->rows = rows;
	rows[d->n++] = (struct conf_change){strdup(path), copy(before), copy(after), class};
	if (class > d->class)
		d->class = class;
}

/* A row's value as text; a secret as itself: add_row() hides it. NULL: unset. */
static const char *value_text(const void *base, const struct schema_row *row, char room[32])
{
	const char *at = (const char *)base + row->offset;
	if (row->type == SCHEMA_TEXT || row->type == SCHEMA_SECRET)
		return *(char *const *)at;
	if (row->type == SCHEMA_BOOL)
		return *(const bool *)at ? "1" : "0";
	snprintf(room, 32, "%lld", (long long)*(const int64_t *)at);
	return room;
}

static void diff_rows(struct conf_diff *d, const char *prefix, const void *before, const void *after, const struct schema_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char old_room[32], new_room[32], path[512];
		const char *old_text = value_text(before, &rows[i], old_room), *new_text = value_text(after, &rows[i], new_room);
		if ((!old_text && !new_text) || (old_text && new_text && strcmp(old_text, new_text) == 0))
			continue;
		if (rows[i].type == SCHEMA_SECRET) {
			old_text = old_text ? "***" : NULL;
			new_text = new_text ? "***" : NULL;
		}
		snprintf(path, sizeof(path), "%s%s", prefix, rows[i].path);
		add(d, path, old_text, new_text, rows[i].class);
	}
}

static const struct conf_mount *same_mount(const struct conf *c, const struct conf_mount *m)
{
	for (size_t i = 0; i < c->n_mounts; i++)
		if ((!m->name && !c->mounts[i].name) || (m->name && c->mounts[i].name && strcmp(m->name, c->mounts[i].name) == 0))
			return &c->mounts[i];
	return NULL;
}

static void diff_mounts(struct conf_diff *d, const struct conf *before, const struct conf *after)
{
	char path[512];
	for (size_t i = 0; i < after->n_mounts; i++) {
		const struct conf_mount *fresh = &after->mounts[i], *old = same_mount(before, fresh);
		const char *name = fresh->name ? fresh->name : "default";
		snprintf(path, sizeof(path), "mount %.300s%s", name, old ? ": " : "");
		if (old)
			diff_rows(d, path, old, fresh, schema_mount, schema_mount_n);
		else
			add(d, path, NULL, name, CONF_CLASS_RELOAD);
	}
	for (size_t i = 0; i < before->n_mounts; i++) {
		const char *name = before->mounts[i].name ? before->mounts[i].name : "default";
		snprintf(path, sizeof(path), "mount %.300s", name);
		if (!same_mount(after, &before->mounts[i]))
			add(d, path, name, NULL, CONF_CLASS_LISTENERS);
	}
}

static void diff_text(struct conf_diff *d, const char *path, const struct buf *before, const struct buf *after, enum conf_class class)
{
	if (!bytes_eq(buf_bytes(before), buf_bytes(after)))
		add(d, path, buf_text(before), buf_text(after), class);
}

static void diff_lists(struct conf_diff *d, const struct conf *conf[2])
{
	struct buf sockets[2], headers[2];
	for (int s = 0; s < 2; s++) {
		buf_init(&sockets[s], 16384);
		buf_init(&headers[s], 1u << 20);
		for (size_t i = 0; i < conf[s]->n_listen; i++)
			buf_addf(&sockets[s], "%s%s:%u", i ? " " : "", conf[s]->listen[i].address, conf[s]->listen[i].port);
		for (size_t i = 0; i < conf[s]->n_headers; i++)
			buf_addf(&headers[s], "%s%s: %s (%d)", i ? "; " : "", conf[s]->headers[i].name, conf[s]->headers[i].value, conf[s]->headers[i].status);
	}
	diff_text(d, "listen-socket", &sockets[0], &sockets[1], CONF_CLASS_RESTART);
	diff_text(d, "http-headers", &headers[0], &headers[1], CONF_CLASS_RELOAD);
	for (int s = 0; s < 2; s++) {
		buf_fini(&sockets[s]);
		buf_fini(&headers[s]);
	}
}

void conf_diff(const struct conf *before, const struct conf *after, struct conf_diff *out)
{
	*out = (struct conf_diff){0};
	diff_rows(out, "", before, after, schema_root, schema_root_n);
	diff_lists(out, (const struct conf *[2]){before, after});
	diff_mounts(out, before, after);
	if (before->log.level != after->log.level) {
		char room[2][16];
		snprintf(room[0], sizeof(room[0]), "%d", before->log.level);
		snprintf(room[1], sizeof(room[1]), "%d", after->log.level);
		add(out, "logging/loglevel", room[0], room[1], CONF_CLASS_HOT);
	}
}

void conf_diff_fini(struct conf_diff *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->rows[i].path);
		free(d->rows[i].old_value);
		free(d->rows[i].new_value);
	}
	free(d->rows);
	*d = (struct conf_diff){0};
}

static void add_value(struct buf *out, const char *name, const char *value)
{
	buf_addf(out, ",\"%s\":", name);
	if (value)
		escape_json_string(out, bytes_of(value));
	else
		buf_adds(out, "null");
}

void conf_diff_json(const struct conf_diff *d, enum conf_class least, enum conf_class most, struct buf *out)
{
	bool first = true;
	buf_addc(out, '[');
	for (size_t i = 0; i < d->n; i++) {
		const struct conf_change *c = &d->rows[i];
		if (c->class < least || c->class > most)
			continue;
		buf_adds(out, first ? "{\"path\":" : ",{\"path\":");
		escape_json_string(out, bytes_of(c->path));
		add_value(out, "old", c->old_value);
		add_value(out, "new", c->new_value);
		buf_addf(out, ",\"class\":\"%s\"}", conf_class_name(c->class));
		first = false;
	}
	buf_addc(out, ']');
}
