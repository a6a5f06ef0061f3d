#include "server/conf/conf.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/escape.h"

#define ROWS_MAX 200u

static const char *const severity_names[] = {"info", "warning", "error"};

void conf_findings_fini(struct conf_findings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->rows[i].path);
		free(f->rows[i].msg);
	}
	free(f->rows);
	*f = (struct conf_findings){0};
}

void conf_findings_add(struct conf_findings *f, enum conf_severity severity, int line, const char *path, const char *msg)
{
	if (f->n > ROWS_MAX) {
		if (severity > f->rows[ROWS_MAX].severity)
			f->rows[ROWS_MAX].severity = severity;
		return;
	}
	struct conf_finding *rows = realloc(f->rows, (f->n + 1) * sizeof(*rows));
	if (!rows)
		abort(); /* kilobytes */
	f->rows = rows;
	bool last = f->n == ROWS_MAX;
	rows[f->n++] = (struct conf_finding){.severity = severity, .line = last ? 0 : line, .path = strdup(last ? "" : path),
		.msg = strdup(last ? "there is more: mend these first" : msg)};
}

bool conf_findings_have(const struct conf_findings *f, enum conf_severity at_least)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->rows[i].severity >= at_least)
			return true;
	return false;
}

void conf_findings_json(const struct conf_findings *f, struct buf *out)
{
	buf_addc(out, '[');
	for (size_t i = 0; i < f->n; i++) {
		const struct conf_finding *r = &f->rows[i];
		buf_addf(out, "%s{\"severity\":\"%s\",\"line\":%d,\"col\":%d,\"path\":", i ? "," : "", severity_names[r->severity], r->line, r->col);
		escape_json_string(out, bytes_of(r->path));
		buf_adds(out, ",\"msg\":");
		escape_json_string(out, bytes_of(r->msg));
		buf_addc(out, '}');
	}
	buf_addc(out, ']');
}

void conf_findings_text(const struct conf_findings *f, const char *file, struct buf *out)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct conf_finding *r = &f->rows[i];
		buf_addf(out, "%s:%d: %s: ", file, r->line, severity_names[r->severity]);
		if (r->path[0]) {
			escape_log(out, bytes_of(r->path));
			buf_adds(out, ": ");
		}
		escape_log(out, bytes_of(r->msg));
		buf_addc(out, '\n');
	}
}
