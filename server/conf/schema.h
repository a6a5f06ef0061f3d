/*
 * The elements of an icecast.xml as rows: what each is, where it lies in struct
 * conf, what it may be, and what a change of it means. What is not acted upon has a row too, with the reason.
 */
#pragma once

#include "server/conf/conf.h"

enum schema_type { SCHEMA_TEXT, SCHEMA_INT, SCHEMA_BOOL, SCHEMA_SECRET };

struct schema_row {
	const char *path; /* below <icecast>, or below <mount> */
	enum schema_type type;
	size_t offset; /* in struct conf or struct conf_mount */
	int64_t min, max;
	const char *initial; /* default, as text; NULL: unset */
	enum conf_class class;
	const char *help;
};

struct schema_ignored {
	const char *path; /* a trailing slash: and everything below */
	enum conf_severity severity;
	const char *why;
};

extern const struct schema_row schema_root[], schema_mount[];
extern const size_t schema_root_n, schema_mount_n;
extern const struct schema_ignored schema_ignored[];
extern const size_t schema_ignored_n;

/* Sets the row's default in base. */
void schema_init(void *base, const struct schema_row *rows, size_t n);
void schema_free(void *base, const struct schema_row *rows, size_t n);
