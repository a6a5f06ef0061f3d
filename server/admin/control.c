/*
 * The control API of docs/control-api.md: JSON over HTTP on the Unix socket.
 */
#include "server/admin/control.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/escape.h"

#define XML_ROOM (4u << 20)

static const char *const state_names[] = {"starting", "serving", "draining", "stopping"};

/* ---- answers ---- */

static void fail(struct exchange *x, int status, const char *err, const char *msg)
{
	x->status = status;
	x->content_type = "application/json";
	buf_clear(&x->out);
	buf_addf(&x->out, "{\"ok\":false,\"code\":%d,\"err\":\"%s\",\"msg\":", status, err);
	escape_json_string(&x->out, bytes_of(msg));
	buf_adds(&x->out, "}\n");
}

static void begin(struct exchange *x)
{
	x->status = 200;
	x->content_type = "application/json";
	buf_adds(&x->out, "{\"ok\":true");
}

static void finish(struct exchange *x)
{
	buf_adds(&x->out, "}\n");
	if (buf_failed(&x->out))
		fail(x, 500, "internal", "the answer does not fit");
}

static void text(struct buf *out, const char *name, struct bytes value)
{
	buf_addf(out, ",\"%s\":", name);
	escape_json_string(out, value);
}

/* The body as JSON; an empty one is {}. NULL after having answered 400. */
static cJSON *read_body(struct exchange *x)
{
	struct bytes body = bytes_trim(x->body);
	cJSON *j = body.len ? cJSON_ParseWithLength(body.ptr, body.len) : cJSON_CreateObject();
	if (cJSON_IsObject(j))
		return j;
	cJSON_Delete(j);
	fail(x, 400, "bad_request", "the body is no JSON object");
	return NULL;
}

static uint64_t number_of(const cJSON *j, const char *name, uint64_t most, uint64_t initial)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(j, name);
	return cJSON_IsNumber(v) && v->valuedouble >= 0 ? v->valuedouble > (double)most ? most : (uint64_t)v->valuedouble : initial;
}

static const char *text_of(const cJSON *j, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(j, name);
	return cJSON_IsString(v) ? v->valuestring : NULL;
}

/* ---- status ---- */

static void mount_status(const struct census_mount *m, struct buf *out)
{
	buf_adds(out, "{\"mount\":");
	escape_json_string(out, bytes_of(m->mount));
	buf_addf(out, ",\"source\":%s,\"listeners\":%u,\"listener_peak\":%u", m->has_source ? "true" : "false", m->listeners, m->listener_peak);
	text(out, "content_type", bytes_of(m->content_type));
	buf_addf(out, ",\"bitrate_kbps\":%d", m->bitrate_kbps);
	text(out, "title", bytes_of(m->title));
	text(out, "name", bytes_of(m->name));
	buf_addf(out, ",\"hidden\":%s,\"connected\":%llu,\"silence_ms\":%llu,\"bytes_in\":%llu,\"bytes_out\":%llu}", m->hidden ? "true" : "false",
		(unsigned long long)m->source_since_ms, (unsigned long long)m->silence_ms, (unsigned long long)m->bytes_in,
		(unsigned long long)m->bytes_out);
}

static void drain_status(const struct census *c, struct buf *out)
{
	if (!c->draining) {
		buf_adds(out, ",\"drain\":null");
		return;
	}
	buf_addf(out, ",\"drain\":{\"since\":%llu,\"deadline\":", (unsigned long long)c->drain_since_ms);
	if (c->drain_deadline_ms)
		buf_addf(out, "%llu}", (unsigned long long)c->drain_deadline_ms);
	else
		buf_adds(out, "null}");
}

void admin_control_status(const struct census *c, const struct conf *conf, struct buf *out)
{
	buf_addf(out, "{\"ok\":true,\"version\":\"" STREAMFLEET_VERSION "\",\"pid\":%d,\"worker_pid\":%d,\"started\":%llu,\"worker_started\":%llu,"
		      "\"restarts\":%u,\"crashes\":%u,\"state\":\"%s\"",
		c->pid, c->worker_pid, (unsigned long long)c->started_ms, (unsigned long long)c->worker_started_ms, c->restarts, c->crashes,
		state_names[c->state]);
	drain_status(c, out);
	buf_adds(out, ",\"config\":{\"path\":");
	escape_json_string(out, bytes_of(c->config_path));
	buf_addf(out, ",\"sha256\":\"%s\",\"loaded\":%llu},\"listen\":[", c->config_sha256, (unsigned long long)c->config_loaded_ms);
	for (size_t i = 0; i < c->n_listen; i++) {
		buf_adds(out, i ? ",{\"address\":" : "{\"address\":");
		escape_json_string(out, bytes_of(c->listen[i].address));
		buf_addf(out, ",\"port\":%u}", c->listen[i].port);
	}
	buf_addf(out, "],\"listeners\":%u,\"sources\":%u,\"clients\":%u,\"limits\":{\"clients\":%lld,\"sources\":%lld}", c->listeners, c->sources,
		c->clients, (long long)conf->limits.clients, (long long)conf->limits.sources);
	buf_addf(out, ",\"bytes_in\":%llu,\"bytes_out\":%llu,\"uncarried\":%llu,\"rss_mb\":%.1f,\"cpu_pct\":%.1f,\"fds\":%u,\"fds_max\":%u,\"mounts\":[",
		(unsigned long long)c->bytes_in, (unsigned long long)c->bytes_out, (unsigned long long)c->uncarried, c->rss_mb, c->cpu_pct, c->fds,
		c->fds_max);
	for (size_t i = 0; i < c->n_mounts; i++) {
		if (i)
			buf_addc(out, ',');
		mount_status(&c->mounts[i], out);
	}
	buf_adds(out, "]}\n");
}

static void get_status(struct admin_host *h, struct exchange *x)
{
	struct census c;
	h->census(h, &c);
	x->status = 200;
	x->content_type = "application/json";
	admin_control_status(&c, h->conf(h), &x->out);
	census_fini(&c);
}

/* ---- the configuration ---- */

static void get_config(struct admin_host *h, struct exchange *x)
{
	CLEANUP(buf_fini) struct buf xml;
	struct census c;
	struct error e;
	const struct conf_env *env = h->conf_env(h);
	bool first = true;
	buf_init(&xml, XML_ROOM);
	if (conf_redact(h->conf_xml(h), &xml, &e) < 0) {
		fail(x, 500, "internal", e.text);
		return;
	}
	h->census(h, &c);
	begin(x);
	text(&x->out, "path", bytes_of(c.config_path));
	text(&x->out, "sha256", bytes_of(c.config_sha256));
	text(&x->out, "xml", buf_bytes(&xml));
	buf_adds(&x->out, ",\"shadowed_by_env\":[");
	for (int i = 0; i < CONF_OVERRIDES; i++)
		if (env->value[i]) {
			buf_addf(&x->out, "%s\"%s\"", first ? "" : ",", conf_env_path((enum conf_override)i));
			first = false;
		}
	buf_addc(&x->out, ']');
	finish(x);
	census_fini(&c);
}

static void check_config(struct admin_host *h, struct exchange *x)
{
	CLEANUP(buf_fini) struct buf xml;
	CLEANUP(conf_findings_fini) struct conf_findings f = {0};
	struct conf_diff d = {0};
	char sha256[65];
	unsigned kept, plain;
	buf_init(&xml, XML_ROOM);
	h->digest(x->body, sha256);
	bool filled = conf_fill(x->body, h->conf_xml(h), &xml, &kept, &plain, &f) == 0;
	struct conf *fresh = filled ? conf_parse(buf_bytes(&xml), h->conf_env(h), &f) : NULL;
	x->status = 200;
	x->content_type = "application/json";
	buf_addf(&x->out, "{\"ok\":%s,\"sha256\":\"%s\",\"findings\":", fresh ? "true" : "false", sha256);
	conf_findings_json(&f, &x->out);
	if (fresh) {
		struct census c;
		conf_diff(h->conf(h), fresh, &d);
		h->census(h, &c);
		buf_addf(&x->out, ",\"plan\":{\"class\":\"%s\",\"changes\":", conf_class_name(d.class));
		conf_diff_json(&d, CONF_CLASS_NONE, CONF_CLASS_RESTART, &x->out);
		buf_addf(&x->out, ",\"listeners_affected\":%u}", d.class == CONF_CLASS_LISTENERS ? c.listeners : 0);
		census_fini(&c);
	}
	finish(x);
	conf_diff_fini(&d);
	conf_free(fresh);
}

static void invalid_config(struct exchange *x, const struct conf_findings *f, const char *msg)
{
	fail(x, 422, "invalid_config", msg);
	buf_clear(&x->out);
	buf_adds(&x->out, "{\"ok\":false,\"code\":422,\"err\":\"invalid_config\",\"msg\":");
	escape_json_string(&x->out, bytes_of(msg));
	buf_adds(&x->out, ",\"findings\":");
	conf_findings_json(f, &x->out);
	finish(x);
}

static void fill_config(struct admin_host *h, struct exchange *x)
{
	CLEANUP(buf_fini) struct buf xml;
	CLEANUP(conf_findings_fini) struct conf_findings f = {0};
	char sha256[65];
	unsigned kept, plain;
	buf_init(&xml, XML_ROOM);
	if (conf_fill(x->body, h->conf_xml(h), &xml, &kept, &plain, &f) < 0 || buf_failed(&xml)) {
		invalid_config(x, &f, "a secret to keep is not there");
		return;
	}
	h->digest(buf_bytes(&xml), sha256);
	begin(x);
	text(&x->out, "xml", buf_bytes(&xml));
	buf_addf(&x->out, ",\"sha256\":\"%s\",\"kept\":%u,\"plain\":%u", sha256, kept, plain);
	finish(x);
}

static void reload(struct admin_host *h, struct exchange *x)
{
	struct admin_reload r;
	h->reload(h, &r);
	if (!r.ok) {
		invalid_config(x, &r.findings, "the file is not valid; the configuration that is running stays");
	} else {
		begin(x);
		buf_addf(&x->out, ",\"config\":{\"sha256\":\"%s\"},\"class\":\"%s\",\"changed\":", r.sha256, conf_class_name(r.diff.class));
		conf_diff_json(&r.diff, CONF_CLASS_NONE, CONF_CLASS_LISTENERS, &x->out);
		buf_adds(&x->out, ",\"needs_restart\":");
		conf_diff_json(&r.diff, CONF_CLASS_RESTART, CONF_CLASS_RESTART, &x->out);
		buf_adds(&x->out, ",\"findings\":");
		conf_findings_json(&r.findings, &x->out);
		finish(x);
	}
	admin_reload_fini(&r);
}

/* ---- the server's life ---- */

static void restart(struct admin_host *h, struct exchange *x)
{
	struct error e;
	cJSON *j = read_body(x);
	if (!j)
		return;
	unsigned timeout_ms = (unsigned)number_of(j, "timeout_ms", 60000, 10000);
	int r = h->restart(h, x, timeout_ms, &e);
	if (r < 0)
		fail(x, r == -EBUSY ? 423 : 500, r == -EBUSY ? "busy" : "internal", e.text);
	cJSON_Delete(j);
}

static void answer_state(struct admin_host *h, struct exchange *x)
{
	struct census c;
	h->census(h, &c);
	begin(x);
	buf_addf(&x->out, ",\"state\":\"%s\",\"listeners\":%u", state_names[c.state], c.listeners);
	finish(x);
	census_fini(&c);
}

static void drain(struct admin_host *h, struct exchange *x)
{
	cJSON *j = read_body(x);
	if (!j)
		return;
	h->drain(h, number_of(j, "deadline_s", 30 * 86400, 0));
	answer_state(h, x);
	cJSON_Delete(j);
}

static void undrain(struct admin_host *h, struct exchange *x)
{
	h->undrain(h);
	answer_state(h, x);
}

static void stop(struct admin_host *h, struct exchange *x)
{
	answer_state(h, x);
	h->stop(h);
}

void admin_restart_answer(const struct admin_restarted *f, struct buf *out)
{
	buf_addf(out, "{\"ok\":true,\"listeners_before\":%u,\"listeners_after\":%u,\"sources_before\":%u,\"sources_after\":%u,\"pause_ms\":%.1f,"
		      "\"lost\":{\"listeners\":%u,\"sources\":%u,\"requests\":0},\"worker_pid\":%d}\n",
		f->listeners_before, f->listeners_after, f->sources_before, f->sources_after, f->pause_ms,
		f->listeners_before > f->listeners_after ? f->listeners_before - f->listeners_after : 0,
		f->sources_before > f->sources_after ? f->sources_before - f->sources_after : 0, f->worker_pid);
}

void admin_restart_failed(const char *why, struct buf *out)
{
	buf_adds(out, "{\"ok\":false,\"code\":500,\"err\":\"internal\",\"msg\":");
	escape_json_string(out, bytes_of(why));
	buf_adds(out, "}\n");
}

/* ---- mounts ---- */

static void answer_mount(struct exchange *x, const char *mount, uint32_t listeners, int r)
{
	if (r == -ENOENT) {
		fail(x, 404, "not_found", "no source is on that mount");
	} else if (r < 0) {
		fail(x, 422, "unsupported_format", "the mount's format carries no titles from outside");
	} else {
		begin(x);
		text(&x->out, "mount", bytes_of(mount));
		buf_addf(&x->out, ",\"listeners\":%u", listeners);
		finish(x);
	}
}

static void change_mount(struct admin_host *h, struct exchange *x, bool kill)
{
	struct census c;
	cJSON *j = read_body(x);
	if (!j)
		return;
	const char *mount = text_of(j, "mount"), *title = text_of(j, "title");
	if (!mount || (!kill && !title)) {
		fail(x, 400, "bad_request", kill ? "\"mount\" is missing" : "\"mount\" or \"title\" is missing");
	} else {
		h->census(h, &c);
		const struct census_mount *m = census_mount(&c, mount);
		uint32_t listeners = m ? m->listeners : 0;
		answer_mount(x, mount, listeners, kill ? h->kill_source(h, mount) : h->set_title(h, mount, bytes_of(title)));
		census_fini(&c);
	}
	cJSON_Delete(j);
}

static void kill_source(struct admin_host *h, struct exchange *x) { change_mount(h, x, true); }
static void set_title(struct admin_host *h, struct exchange *x) { change_mount(h, x, false); }

#define LISTENERS_MAX 1000

static void get_listeners(struct admin_host *h, struct exchange *x)
{
	CLEANUP(buf_fini) struct buf mount;
	buf_init(&mount, 1024);
	if (!http_query(&mount, x->request->query, "mount")) {
		fail(x, 400, "bad_request", "?mount= is missing");
		return;
	}
	struct census_listener *rows = calloc(LISTENERS_MAX, sizeof(*rows));
	size_t n = rows ? h->listeners(h, buf_text(&mount), rows, LISTENERS_MAX) : 0;
	begin(x);
	text(&x->out, "mount", buf_bytes(&mount));
	buf_adds(&x->out, ",\"listeners\":[");
	for (size_t i = 0; i < n && i < LISTENERS_MAX; i++) {
		buf_addf(&x->out, "%s{\"id\":%llu,\"ip\":\"%s\"", i ? "," : "", (unsigned long long)rows[i].id, rows[i].ip);
		text(&x->out, "agent", bytes_of(rows[i].agent));
		buf_addf(&x->out, ",\"connected\":%llu,\"lag\":%llu,\"icy\":%s}", (unsigned long long)rows[i].since_ms,
			(unsigned long long)rows[i].lag_bytes, rows[i].icy ? "true" : "false");
	}
	buf_addf(&x->out, "]%s", n > LISTENERS_MAX ? ",\"truncated\":true" : "");
	finish(x);
	free(rows);
}

static const struct row {
	const char *method, *path;
	void (*handle)(struct admin_host *h, struct exchange *x);
} rows[] = {
	{"GET", "/v1/status", get_status}, {"GET", "/v1/config", get_config}, {"POST", "/v1/config/check", check_config},
	{"POST", "/v1/config/fill", fill_config}, {"POST", "/v1/reload", reload}, {"POST", "/v1/restart", restart}, {"POST", "/v1/drain", drain},
	{"POST", "/v1/undrain", undrain}, {"POST", "/v1/stop", stop}, {"POST", "/v1/mounts/kill", kill_source},
	{"POST", "/v1/mounts/metadata", set_title}, {"GET", "/v1/listeners", get_listeners},
};

void control_handle(struct admin_host *h, struct exchange *x)
{
	bool path_known = false;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!bytes_is(x->request->path, rows[i].path))
			continue;
		path_known = true;
		if (bytes_is(x->request->method, rows[i].method)) {
			rows[i].handle(h, x);
			return;
		}
	}
	if (path_known)
		fail(x, 405, "unsupported", "not with this method: see docs/control-api.md");
	else
		fail(x, 404, "not_found", "there is no such call: see docs/control-api.md");
}
