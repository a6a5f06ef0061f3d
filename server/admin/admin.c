#include "server/admin/admin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/escape.h"
#include "lib/base/utf8.h"
#include "server/admin/control.h"

/* ---- refusals ---- */

void admin_unauthorized(struct exchange *x)
{
	x->status = 401;
	x->content_type = "text/plain; charset=utf-8";
	buf_adds(&x->headers, "WWW-Authenticate: Basic realm=\"Icecast2 Server\"\r\n");
	buf_clear(&x->out);
	buf_adds(&x->out, "You need to authenticate\r\n");
}

void admin_error_page(struct exchange *x, int status, const char *message)
{
	x->status = status;
	x->content_type = "text/html; charset=utf-8";
	buf_clear(&x->out);
	buf_addf(&x->out, "<html><head><title>Error %d</title></head><body><b>", status);
	escape_xml(&x->out, bytes_of(message));
	buf_adds(&x->out, "</b></body></html>\r\n");
}

void admin_reload_fini(struct admin_reload *r)
{
	conf_findings_fini(&r->findings);
	conf_diff_fini(&r->diff);
}

/* ---- who may do what: one function, deny by default ---- */

enum right { RIGHT_ANYONE, RIGHT_ADMIN, RIGHT_MOUNT };

static bool same_login(const struct http_credentials *c, const char *user, const char *password)
{
	if (c->kind != HTTP_CREDENTIALS_BASIC || !user || !password || !*password)
		return false;
	bool user_ok = bytes_eq_secret(bytes_of(c->user), bytes_of(user));
	return bytes_eq_secret(bytes_of(c->password), bytes_of(password)) && user_ok;
}

/* Icecast takes the mount's source login for calls about that mount. */
static bool is_source_of(const struct conf *conf, const struct http_credentials *c, const char *mount)
{
	struct conf_mount m;
	conf_mount_for(conf, mount, &m);
	return same_login(c, m.username ? m.username : conf->auth.source_user, m.password ? m.password : conf->auth.source_password);
}

static bool is_allowed(const struct conf *conf, const struct exchange *x, enum right right, const char *mount)
{
	struct http_credentials c;
	if (x->control || right == RIGHT_ANYONE)
		return true;
	http_credentials(x->request, &c);
	if (same_login(&c, conf->auth.admin_user, conf->auth.admin_password))
		return true;
	return right == RIGHT_MOUNT && mount && is_source_of(conf, &c, mount);
}

/* ---- a call: the exchange and what its parameters say ---- */

struct call {
	struct admin_host *host;
	struct exchange *x;
	const char *mount; /* NULL: none given */
};

static void respond(struct exchange *x, const char *message, int result)
{
	x->status = 200;
	x->content_type = "text/xml";
	buf_adds(&x->out, "<?xml version=\"1.0\"?>\n<iceresponse><message>");
	escape_xml(&x->out, bytes_of(message));
	buf_addf(&x->out, "</message><return>%d</return></iceresponse>\n", result);
}

static void stats(struct call *c)
{
	struct census census;
	c->host->census(c->host, &census);
	c->x->status = 200;
	c->x->content_type = "text/xml";
	admin_stats_xml(&census, c->host->conf(c->host), c->mount, &c->x->out);
	census_fini(&census);
}

static void list_mounts(struct call *c)
{
	struct census census;
	struct buf *out = &c->x->out;
	c->host->census(c->host, &census);
	c->x->status = 200;
	c->x->content_type = "text/xml";
	buf_adds(out, "<?xml version=\"1.0\"?>\n<icestats>");
	for (size_t i = 0; i < census.n_mounts; i++) {
		const struct census_mount *m = &census.mounts[i];
		if (!m->has_source)
			continue;
		buf_adds(out, "<source mount=\"");
		escape_xml(out, bytes_of(m->mount));
		buf_addf(out, "\"><fallback/><listeners>%u</listeners><Connected>%llu</Connected><content-type>", m->listeners,
			(unsigned long long)(census.now_ms - m->source_since_ms) / 1000);
		escape_xml(out, bytes_of(m->content_type));
		buf_adds(out, "</content-type></source>");
	}
	buf_adds(out, "</icestats>\n");
	census_fini(&census);
}

/* Answers 400 when ?mount= is missing or has no source. */
static bool need_source(struct call *c)
{
	struct census census;
	if (!c->mount) {
		admin_error_page(c->x, 400, "Missing parameter");
		return false;
	}
	c->host->census(c->host, &census);
	const struct census_mount *m = census_mount(&census, c->mount);
	bool found = m && m->has_source;
	census_fini(&census);
	if (!found)
		admin_error_page(c->x, 400, "Source does not exist");
	return found;
}

#define LISTENERS_MAX 5000

static void list_clients(struct call *c)
{
	struct buf *out = &c->x->out;
	struct census_listener *rows = need_source(c) ? calloc(LISTENERS_MAX, sizeof(*rows)) : NULL;
	if (!rows)
		return;
	struct census now;
	c->host->census(c->host, &now);
	size_t n = c->host->listeners(c->host, c->mount, rows, LISTENERS_MAX);
	c->x->status = 200;
	c->x->content_type = "text/xml";
	buf_adds(out, "<?xml version=\"1.0\"?>\n<icestats><source mount=\"");
	escape_xml(out, bytes_of(c->mount));
	buf_addf(out, "\"><Listeners>%zu</Listeners>", n);
	for (size_t i = 0; i < n && i < LISTENERS_MAX; i++) {
		buf_addf(out, "<listener><IP>%s</IP><UserAgent>", rows[i].ip);
		escape_xml(out, bytes_of(rows[i].agent));
		buf_addf(out, "</UserAgent><Connected>%llu</Connected><ID>%llu</ID></listener>",
			(unsigned long long)(now.now_ms - rows[i].since_ms) / 1000, (unsigned long long)rows[i].id);
	}
	buf_adds(out, "</source></icestats>\n");
	census_fini(&now);
	free(rows);
}

/* A parameter as UTF-8: what is no UTF-8, or said to be Latin-1, is taken as Latin-1. */
static bool utf8_parameter(struct exchange *x, const char *name, struct buf *out)
{
	CLEANUP(buf_fini) struct buf raw, charset;
	buf_init(&raw, HTTP_TARGET_MAX);
	buf_init(&charset, 64);
	if (!http_query(&raw, x->request->query, name))
		return false;
	bool latin1 = http_query(&charset, x->request->query, "charset") && !bytes_is_i(buf_bytes(&charset), "utf-8") &&
		      !bytes_is_i(buf_bytes(&charset), "utf8");
	if (latin1 || !utf8_valid(buf_bytes(&raw)))
		latin1_to_utf8(out, buf_bytes(&raw));
	else
		buf_add_bytes(out, buf_bytes(&raw));
	return true;
}

static void metadata(struct call *c)
{
	CLEANUP(buf_fini) struct buf mode, title, song;
	struct exchange *x = c->x;
	buf_init(&mode, 64);
	buf_init(&title, 2 * HTTP_TARGET_MAX);
	buf_init(&song, 2 * HTTP_TARGET_MAX);
	if (!need_source(c))
		return;
	if (!http_query(&mode, x->request->query, "mode") || !bytes_is(buf_bytes(&mode), "updinfo")) {
		respond(x, "No such action", 0);
		return;
	}
	if (!utf8_parameter(x, "song", &title)) {
		bool artist = utf8_parameter(x, "artist", &title);
		if (utf8_parameter(x, "title", &song) && artist && title.len)
			buf_adds(&title, " - ");
		else if (!artist && !song.len && !http_query(&song, x->request->query, "title")) {
			admin_error_page(x, 400, "Missing parameter");
			return;
		}
		buf_add_bytes(&title, buf_bytes(&song));
	}
	if (c->host->set_title(c->host, c->mount, buf_bytes(&title)) < 0)
		respond(x, "Mountpoint will not accept URL updates", 1);
	else
		respond(x, "Metadata update successful", 1);
}

static void kill_source(struct call *c)
{
	if (!need_source(c))
		return;
	c->host->kill_source(c->host, c->mount);
	respond(c->x, "Source Removed", 1);
}

static void kill_client(struct call *c)
{
	CLEANUP(buf_fini) struct buf id, message;
	uint64_t number;
	buf_init(&id, 64);
	buf_init(&message, 128);
	if (!need_source(c))
		return;
	if (!http_query(&id, c->x->request->query, "id") || !bytes_to_u64(buf_bytes(&id), UINT64_MAX, &number)) {
		admin_error_page(c->x, 400, "Missing parameter");
		return;
	}
	bool gone = c->host->kill_listener(c->host, c->mount, number) == 0;
	buf_addf(&message, "Client %llu %s", (unsigned long long)number, gone ? "removed" : "not found");
	respond(c->x, buf_text(&message), gone);
}

/* ---- pages for anyone ---- */

static void status_json(struct call *c)
{
	struct census census;
	c->host->census(c->host, &census);
	c->x->status = 200;
	c->x->content_type = "application/json";
	buf_adds(&c->x->headers, "Access-Control-Allow-Origin: *\r\nCache-Control: no-cache\r\n");
	admin_status_json(&census, c->host->conf(c->host), c->mount, &c->x->out);
	census_fini(&census);
}

static void status_page(struct call *c)
{
	struct census census;
	struct buf *out = &c->x->out;
	const struct conf *conf = c->host->conf(c->host);
	c->host->census(c->host, &census);
	c->x->status = 200;
	c->x->content_type = "text/html; charset=utf-8";
	buf_adds(out, "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>");
	escape_xml(out, bytes_of(conf->hostname));
	buf_adds(out, "</title></head><body><h1>");
	escape_xml(out, bytes_of(conf->location));
	buf_adds(out, "</h1><table><tr><th>Mount</th><th>Listeners</th><th>Title</th></tr>");
	for (size_t i = 0; i < census.n_mounts; i++) {
		const struct census_mount *m = &census.mounts[i];
		if (!m->has_source || m->hidden)
			continue;
		buf_adds(out, "<tr><td><a href=\"");
		escape_xml(out, bytes_of(m->mount));
		buf_adds(out, "\">");
		escape_xml(out, bytes_of(m->mount));
		buf_addf(out, "</a></td><td>%u</td><td>", m->listeners);
		escape_xml(out, bytes_of(m->title));
		buf_adds(out, "</td></tr>");
	}
	buf_adds(out, "</table></body></html>\n");
	census_fini(&census);
}

static void health(struct call *c)
{
	c->x->status = 200;
	c->x->content_type = "application/json";
	buf_adds(&c->x->out, "{\"ok\":true}\n");
}

static void ready(struct call *c)
{
	static const char *const names[] = {"starting", "serving", "draining", "stopping"};
	struct census census;
	c->host->census(c->host, &census);
	c->x->status = census.state == SERVER_SERVING ? 200 : 503;
	c->x->content_type = "application/json";
	buf_addf(&c->x->out, "{\"ok\":%s,\"state\":\"%s\"}\n", c->x->status == 200 ? "true" : "false", names[census.state]);
	census_fini(&census);
}

static void metrics(struct call *c)
{
	struct census census;
	c->host->census(c->host, &census);
	c->x->status = 200;
	c->x->content_type = "text/plain; version=0.0.4; charset=utf-8";
	admin_metrics(&census, c->x->control, &c->x->out);
	census_fini(&census);
}

static const struct row {
	const char *path;
	enum right right;
	bool yields; /* to a mount of that name */
	void (*handle)(struct call *c);
} rows[] = {
	{"/", RIGHT_ANYONE, false, status_page},
	{"/status.xsl", RIGHT_ANYONE, false, status_page},
	{"/status-json.xsl", RIGHT_ANYONE, false, status_json},
	{"/health", RIGHT_ANYONE, true, health},
	{"/ready", RIGHT_ANYONE, true, ready},
	{"/metrics", RIGHT_ANYONE, true, metrics},
	{"/admin", RIGHT_ADMIN, false, stats},
	{"/admin/", RIGHT_ADMIN, false, stats},
	{"/admin/stats", RIGHT_MOUNT, false, stats},
	{"/admin/stats.xml", RIGHT_MOUNT, false, stats},
	{"/admin/listmounts", RIGHT_ADMIN, false, list_mounts},
	{"/admin/listclients", RIGHT_MOUNT, false, list_clients},
	{"/admin/metadata", RIGHT_MOUNT, false, metadata},
	{"/admin/killsource", RIGHT_MOUNT, false, kill_source},
	{"/admin/killclient", RIGHT_MOUNT, false, kill_client},
};

static void answer(struct admin_host *h, struct exchange *x, const struct row *row)
{
	CLEANUP(buf_fini) struct buf mount;
	buf_init(&mount, HTTP_TARGET_MAX);
	struct call c = {.host = h, .x = x};
	if (http_query(&mount, x->request->query, "mount") && strlen(buf_text(&mount)) == mount.len)
		c.mount = buf_text(&mount);
	if (is_allowed(h->conf(h), x, row->right, c.mount))
		row->handle(&c);
	else
		admin_unauthorized(x);
}

void admin_handle(struct admin_host *h, struct exchange *x, bool is_stream_path)
{
	struct bytes path = x->request->path;
	bool reads = bytes_is(x->request->method, "GET") || bytes_is(x->request->method, "HEAD");
	if (x->control && bytes_starts(path, "/v1/")) {
		control_handle(h, x);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(rows) && reads; i++)
		if (bytes_is(path, rows[i].path) && !(rows[i].yields && is_stream_path && !x->control)) {
			answer(h, x, &rows[i]);
			return;
		}
	if (!bytes_starts(path, "/admin/") || !reads)
		return;
	if (is_allowed(h->conf(h), x, RIGHT_ADMIN, NULL))
		admin_error_page(x, 400, "Unrecognised command");
	else
		admin_unauthorized(x);
}
