#include "server/net/admit.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/escape.h"
#include "lib/http/response.h"
#include "lib/sys/clock.h"
#include "lib/sys/log.h"
#include "server/net/listener.h"
#include "server/net/mount.h"
#include "server/net/source.h"

void admit_error_page(struct exchange *x, int status, const char *message)
{
	x->status = status;
	x->content_type = "text/html; charset=utf-8";
	buf_clear(&x->out);
	buf_addf(&x->out, "<html><head><title>Error %d</title></head><body><b>%d - ", status, status);
	escape_xml(&x->out, bytes_of(message));
	buf_adds(&x->out, "</b></body></html>\r\n");
	if (status == 503)
		buf_adds(&x->headers, "Retry-After: 5\r\n");
	if (status == 401) {
		buf_clear(&x->out);
		buf_adds(&x->out, "You need to authenticate\r\n");
		buf_adds(&x->headers, "WWW-Authenticate: Basic realm=\"Icecast2 Server\"\r\n");
		x->content_type = "text/plain; charset=utf-8";
	}
}

static enum admit refuse(struct conn *c, const struct http_request *q, int status, const char *message)
{
	conn_refuse(c, q, status, message);
	return ADMIT_REFUSED;
}

static bool clients_full(const struct net *n)
{
	return n->n_listeners + n->n_sources >= (uint64_t)MAX_OF(n->conf->limits.clients, (int64_t)1);
}

/* ---- sources ---- */

static bool source_may(struct net *n, const struct http_request *q, const char *mount)
{
	struct http_credentials who;
	struct conf_mount settings;
	http_credentials(q, &who);
	conf_mount_for(n->conf, mount, &settings);
	const char *user = settings.username ? settings.username : n->conf->auth.source_user ? n->conf->auth.source_user : "source";
	const char *password = settings.password ? settings.password : n->conf->auth.source_password;
	if (who.kind != HTTP_CREDENTIALS_BASIC || !password || !*password)
		return false;
	bool same_user = bytes_eq_secret(bytes_of(who.user), bytes_of(user));
	bool same_password = bytes_eq_secret(bytes_of(who.password), bytes_of(password));
	return same_user && same_password;
}

static bool reserved(struct bytes name)
{
	return name.len < 2 || bytes_starts(name, "/admin/") || bytes_is(name, "/admin") || bytes_is(name, "/admin.cgi") || name.len > 255;
}

static enum admit admit_source(struct conn *c, const struct http_request *q)
{
	struct net *n = c->net;
	CLEANUP(buf_fini) struct buf name;
	bool put = bytes_is(q->method, "PUT");
	buf_init(&name, HTTP_TARGET_MAX);
	if (!http_path_decode(&name, q->path))
		return refuse(c, q, 400, "the mount's name is broken");
	if (!source_may(n, q, buf_text(&name)))
		return refuse(c, q, 401, "");
	if (reserved(buf_bytes(&name)))
		return refuse(c, q, 403, "this name is not for mounts");
	if (n->stopping || net_draining(n))
		return refuse(c, q, 503, "the server is draining");
	if (put && !http_field(q, "Content-Type").ptr)
		return refuse(c, q, 403, "No Content-type given");
	if (n->n_sources >= (uint64_t)MAX_OF(n->conf->limits.sources, (int64_t)1))
		return refuse(c, q, 403, "too many sources connected");
	if (clients_full(n))
		return refuse(c, q, 403, "Icecast connection limit reached");
	if (mount_find(n, buf_bytes(&name)))
		return refuse(c, q, 403, "Mountpoint in use");
	bool expect = http_field_has(q, "Expect", "100-continue");
	const char *answer = expect ? "HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\nHTTP/1.0 200 OK\r\n\r\n" : "HTTP/1.0 200 OK\r\n\r\n";
	if (source_open(n, c, q, buf_bytes(&name), bytes_of(answer)) < 0)
		return refuse(c, q, 503, "no memory for another source");
	return ADMIT_TAKEN;
}

/* ---- listeners ---- */

static const char *first_text(const char *a, const char *b)
{
	return a && *a ? a : b;
}

/* Icecast's order and spelling; icy- fields have no space behind the colon there, and some players count on it. */
static void icy_field(struct buf *out, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	CLEANUP(buf_fini) struct buf line;
	buf_init(&line, 4096);
	for (const char *p = value; *p; p++)
		buf_addc(&line, (unsigned char)*p < 0x20 || *p == 0x7F ? ' ' : *p);
	buf_addf(out, "%s:%s\r\n", name, buf_text(&line));
}

static void stream_head(struct net *n, const struct mount *m, bool woven, struct buf *out)
{
	const struct mount_record *r = m->record;
	const struct conf_mount *s = &m->settings;
	int64_t bitrate = s->bitrate > 0 ? s->bitrate : r->bitrate;
	int64_t is_public = s->is_public >= 0 ? s->is_public : r->is_public;
	http_status_line(out, HTTP_1_0, 200);
	http_header(out, "Server", bytes_of(n->conf->server_id ? n->conf->server_id : "streamd/" STREAMFLEET_VERSION));
	buf_adds(out, "Connection: Close\r\nDate: ");
	http_date(out, clock_wall_ms());
	buf_adds(out, "\r\n");
	http_header(out, "Content-Type", bytes_of(first_text(s->type, r->content_type)));
	buf_adds(out, "Cache-Control: no-cache, no-store\r\nExpires: Mon, 26 Jul 1997 05:00:00 GMT\r\nPragma: no-cache\r\n");
	for (size_t i = 0; i < n->conf->n_headers; i++)
		if (n->conf->headers[i].status == 0 || n->conf->headers[i].status == 200)
			http_header(out, n->conf->headers[i].name, bytes_of(n->conf->headers[i].value));
	if (bitrate > 0)
		buf_addf(out, "icy-br:%lld\r\n", (long long)bitrate);
	if (r->audio_info[0])
		http_header(out, "ice-audio-info", bytes_of(r->audio_info));
	icy_field(out, "icy-description", first_text(s->stream_description, r->description));
	icy_field(out, "icy-genre", first_text(s->genre, r->genre));
	icy_field(out, "icy-name", first_text(s->stream_name, r->stream_name));
	buf_addf(out, "icy-pub:%d\r\n", is_public > 0 ? 1 : 0);
	icy_field(out, "icy-url", first_text(s->stream_url, r->url));
	if (woven)
		buf_addf(out, "icy-metaint:%u\r\n", r->woven_interval);
	http_end_head(out);
}

static bool wants_titles(const struct mount *m, const struct http_request *q)
{
	return m->record->format != MOUNT_OGG && m->settings.metadata_interval != 0 && bytes_is(http_field(q, "Icy-MetaData"), "1");
}

static enum admit admit_listener(struct conn *c, const struct http_request *q, struct mount *m)
{
	struct net *n = c->net;
	CLEANUP(buf_fini) struct buf head;
	buf_init(&head, HTTP_HEAD_MAX * 2);
	if (n->stopping || net_draining(n))
		return refuse(c, q, 503, "the server is draining");
	if (m->settings.no_mount)
		return refuse(c, q, 403, "mountpoint unavailable");
	if (clients_full(n))
		return refuse(c, q, 403, "Icecast connection limit reached");
	if (m->settings.max_listeners >= 0 && m->n_seats >= (uint64_t)m->settings.max_listeners)
		return refuse(c, q, 403, "max listeners reached");
	bool woven = wants_titles(m, q) && mount_need_woven(m);
	stream_head(n, m, woven, &head);
	if (buf_failed(&head) || listener_open(n, m, c, q, buf_bytes(&head), woven) < 0)
		return refuse(c, q, 503, "no room for another listener");
	return ADMIT_TAKEN;
}

static struct mount *mount_at(struct net *n, struct bytes path)
{
	CLEANUP(buf_fini) struct buf name;
	buf_init(&name, HTTP_TARGET_MAX);
	return http_path_decode(&name, path) ? mount_find(n, buf_bytes(&name)) : NULL;
}

bool admit_is_stream_path(struct net *n, struct bytes path)
{
	return mount_at(n, path) != NULL;
}

enum admit admit(struct conn *c, const struct http_request *q)
{
	if (bytes_is(q->method, "PUT") || bytes_is(q->method, "SOURCE"))
		return admit_source(c, q);
	if (bytes_is(q->method, "GET")) {
		struct mount *m = mount_at(c->net, q->path);
		if (m)
			return admit_listener(c, q, m);
	}
	return ADMIT_EXCHANGE;
}

/* ---- what needs no handler ---- */

/* "/live.m3u" for a mount "/live" that has a source; a mount that is not there is 404, unlike Icecast's 200. */
static bool playlist(struct net *n, struct exchange *x)
{
	struct bytes path = x->request->path;
	if (!bytes_ends(path, ".m3u") || !bytes_is(x->request->method, "GET"))
		return false;
	struct bytes mount = bytes_sub(path, 0, path.len - 4);
	if (!mount_at(n, mount))
		return false;
	struct bytes host = http_field(x->request, "Host");
	x->status = 200;
	x->content_type = "audio/x-mpegurl";
	buf_adds(&x->headers, "Content-Disposition: attachment; filename=\"listen.m3u\"\r\n");
	if (host.len)
		buf_addf(&x->out, "http://%.*s%.*s\r\n", BYTES_ARG(host), BYTES_ARG(mount));
	else
		buf_addf(&x->out, "http://%s:%u%.*s\r\n", n->conf->hostname ? n->conf->hostname : "localhost", n->vault->doors[0].port, BYTES_ARG(mount));
	return true;
}

static void stream_head_only(struct net *n, struct exchange *x, struct mount *m)
{
	x->status = 200;
	x->close = true;
	x->content_type = first_text(m->settings.type, m->record->content_type);
	buf_adds(&x->headers, "Cache-Control: no-cache, no-store\r\n");
}

void admit_fallback(struct net *n, struct exchange *x)
{
	struct bytes method = x->request->method;
	struct mount *m = mount_at(n, x->request->path);
	if (bytes_is(method, "OPTIONS")) {
		x->status = 204;
		buf_adds(&x->headers, "Allow: GET, HEAD, OPTIONS, PUT, SOURCE\r\n");
	} else if (bytes_is(method, "HEAD") && m) {
		stream_head_only(n, x, m);
	} else if (playlist(n, x)) {
		return;
	} else if (bytes_is(method, "GET") || bytes_is(method, "HEAD")) {
		admit_error_page(x, 404, "The file you requested could not be found");
	} else {
		admit_error_page(x, 405, "unknown request");
		buf_adds(&x->headers, "Allow: GET, HEAD, OPTIONS, PUT, SOURCE\r\n");
	}
}
