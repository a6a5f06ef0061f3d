/*
 * The census in the formats of the public pages: Icecast's status-json.xsl and
 * stats XML, and the Prometheus text format (version 0.0.4).
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/base/escape.h"
#include "server/admin/admin.h"

static void stamp(struct buf *out, uint64_t wall_ms, bool iso)
{
	char text[64];
	time_t s = (time_t)(wall_ms / 1000);
	struct tm tm;
	localtime_r(&s, &tm);
	if (iso)
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S%z", &tm);
	else
		strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S %z", &tm);
	buf_adds(out, text);
}

static const char *server_id(const struct conf *conf)
{
	return conf->server_id ? conf->server_id : "Icecast 2.4.4 (streamd " STREAMFLEET_VERSION ")";
}

static void listen_url(const struct census *c, const struct conf *conf, const struct census_mount *m, struct buf *out)
{
	buf_addf(out, "http://%s:%u%s", conf->hostname, c->n_listen ? c->listen[0].port : 0, m->mount);
}

/* ---- facts go out by way of a sink, so that JSON and XML say the same ---- */

struct sink {
	struct buf *out;
	bool xml, first;
};

static void begin_fact(struct sink *s, const char *name)
{
	if (s->xml)
		buf_addf(s->out, "<%s>", name);
	else
		buf_addf(s->out, "%s\"%s\":", s->first ? "" : ",", name);
	s->first = false;
}

static void end_fact(struct sink *s, const char *name)
{
	if (s->xml)
		buf_addf(s->out, "</%s>", name);
}

static void text_fact(struct sink *s, const char *name, struct bytes value)
{
	begin_fact(s, name);
	if (s->xml)
		escape_xml(s->out, value);
	else
		escape_json_string(s->out, value);
	end_fact(s, name);
}

static void known_text(struct sink *s, const char *name, const char *value)
{
	if (*value)
		text_fact(s, name, bytes_of(value));
}

static void number_fact(struct sink *s, const char *name, uint64_t value)
{
	begin_fact(s, name);
	buf_addf(s->out, "%llu", (unsigned long long)value);
	end_fact(s, name);
}

static void known_number(struct sink *s, const char *name, int value)
{
	if (value > 0)
		number_fact(s, name, (uint64_t)value);
}

static void stamp_fact(struct sink *s, const char *name, uint64_t wall_ms, bool iso)
{
	CLEANUP(buf_fini) struct buf text;
	buf_init(&text, 64);
	stamp(&text, wall_ms, iso);
	text_fact(s, name, buf_bytes(&text));
}

static void mount_facts(struct sink *s, const struct census *c, const struct conf *conf, const struct census_mount *m)
{
	CLEANUP(buf_fini) struct buf url;
	buf_init(&url, 1024);
	listen_url(c, conf, m, &url);
	known_text(s, "audio_info", m->audio_info);
	known_number(s, "bitrate", m->bitrate_kbps);
	known_number(s, "channels", m->channels);
	known_text(s, "genre", m->genre);
	number_fact(s, "listener_peak", m->listener_peak);
	number_fact(s, "listeners", m->listeners);
	text_fact(s, "listenurl", buf_bytes(&url));
	known_number(s, "samplerate", m->samplerate);
	known_text(s, "server_description", m->description);
	known_text(s, "server_name", m->name);
	text_fact(s, "server_type", bytes_of(m->content_type));
	known_text(s, "server_url", m->url);
	stamp_fact(s, "stream_start", m->source_since_ms, false);
	stamp_fact(s, "stream_start_iso8601", m->source_since_ms, true);
	known_text(s, "subtype", m->subtype);
	known_text(s, "artist", m->artist);
	known_text(s, "title", m->title);
}

static void server_facts(struct sink *s, const struct census *c, const struct conf *conf)
{
	text_fact(s, "admin", bytes_of(conf->admin));
	text_fact(s, "host", bytes_of(conf->hostname));
	text_fact(s, "location", bytes_of(conf->location));
	text_fact(s, "server_id", bytes_of(server_id(conf)));
	stamp_fact(s, "server_start", c->started_ms, false);
	stamp_fact(s, "server_start_iso8601", c->started_ms, true);
}

static bool is_shown(const struct census_mount *m, const char *only, bool with_hidden)
{
	return m->has_source && (with_hidden || !m->hidden) && (!only || strcmp(only, m->mount) == 0);
}

void admin_status_json(const struct census *c, const struct conf *conf, const char *only_mount, struct buf *out)
{
	struct sink s = {.out = out, .first = true};
	size_t shown = 0, written = 0;
	buf_adds(out, "{\"icestats\":{");
	server_facts(&s, c, conf);
	for (size_t i = 0; i < c->n_mounts; i++)
		shown += is_shown(&c->mounts[i], only_mount, false);
	if (shown)
		buf_adds(out, shown > 1 ? ",\"source\":[" : ",\"source\":");
	for (size_t i = 0; i < c->n_mounts; i++) {
		if (!is_shown(&c->mounts[i], only_mount, false))
			continue;
		struct sink one = {.out = out, .first = true};
		buf_adds(out, written++ ? ",{" : "{");
		mount_facts(&one, c, conf, &c->mounts[i]);
		buf_adds(out, ",\"dummy\":null}");
	}
	buf_adds(out, shown > 1 ? "]}}" : "}}");
}

static void totals(struct sink *s, const struct census *c)
{
	number_fact(s, "client_connections", c->client_connections);
	number_fact(s, "clients", c->clients);
	number_fact(s, "connections", c->client_connections);
	number_fact(s, "file_connections", c->file_connections);
	number_fact(s, "listener_connections", c->listener_connections);
	number_fact(s, "listeners", c->listeners);
	number_fact(s, "source_client_connections", c->source_connections);
	number_fact(s, "source_relay_connections", 0);
	number_fact(s, "source_total_connections", c->source_connections);
	number_fact(s, "sources", c->sources);
	number_fact(s, "stats", 0);
	number_fact(s, "stats_connections", c->stats_connections);
}

void admin_stats_xml(const struct census *c, const struct conf *conf, const char *only_mount, struct buf *out)
{
	struct sink s = {.out = out, .xml = true};
	buf_adds(out, "<?xml version=\"1.0\"?>\n<icestats>");
	server_facts(&s, c, conf);
	totals(&s, c);
	for (size_t i = 0; i < c->n_mounts; i++) {
		const struct census_mount *m = &c->mounts[i];
		if (!is_shown(m, only_mount, true))
			continue;
		buf_adds(out, "<source mount=\"");
		escape_xml(out, bytes_of(m->mount));
		buf_adds(out, "\">");
		mount_facts(&s, c, conf, m);
		if (m->max_listeners < 0)
			text_fact(&s, "max_listeners", BYTES_LITERAL("unlimited"));
		else
			number_fact(&s, "max_listeners", (uint64_t)m->max_listeners);
		number_fact(&s, "public", m->is_public);
		number_fact(&s, "slow_listeners", m->slow_listeners);
		text_fact(&s, "source_ip", bytes_of(m->source_ip));
		number_fact(&s, "total_bytes_read", m->bytes_in);
		number_fact(&s, "total_bytes_sent", m->bytes_out);
		known_text(&s, "user_agent", m->user_agent);
		buf_adds(out, "</source>");
	}
	buf_adds(out, "</icestats>\n");
}

/* ---- Prometheus ---- */

static void metric(struct buf *out, const char *name, const char *type, const char *help, double value)
{
	buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n%s %.15g\n", name, help, name, type, name, value);
}

static void mount_metric(const struct census *c, bool with_hidden, struct buf *out, const char *name, const char *type, const char *help,
	double (*value)(const struct census_mount *m))
{
	buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
	for (size_t i = 0; i < c->n_mounts; i++) {
		const struct census_mount *m = &c->mounts[i];
		if (m->hidden && !with_hidden)
			continue;
		buf_addf(out, "%s{mount=\"", name);
		escape_prometheus(out, bytes_of(m->mount));
		buf_addf(out, "\"} %.15g\n", value(m));
	}
}

static double has_source(const struct census_mount *m) { return m->has_source; }
static double listeners(const struct census_mount *m) { return m->listeners; }
static double bytes_in(const struct census_mount *m) { return (double)m->bytes_in; }
static double bytes_out(const struct census_mount *m) { return (double)m->bytes_out; }
static double silence(const struct census_mount *m) { return m->has_source ? (double)m->silence_ms / 1000 : NAN; }
static double slow(const struct census_mount *m) { return m->slow_listeners; }

void admin_metrics(const struct census *c, bool with_hidden, struct buf *out)
{
	metric(out, "streamd_up", "gauge", "The worker answers.", 1);
	metric(out, "streamd_start_time_seconds", "gauge", "Start of streamd, Unix time.", (double)c->started_ms / 1000);
	metric(out, "streamd_listeners", "gauge", "Listeners now.", c->listeners);
	metric(out, "streamd_sources", "gauge", "Sources now.", c->sources);
	metric(out, "streamd_clients", "gauge", "Connections now.", c->clients);
	metric(out, "streamd_client_connections_total", "counter", "Connections accepted.", (double)c->client_connections);
	metric(out, "streamd_received_bytes_total", "counter", "Bytes from sources.", (double)c->bytes_in);
	metric(out, "streamd_sent_bytes_total", "counter", "Bytes to listeners.", (double)c->bytes_out);
	metric(out, "streamd_restarts_total", "counter", "Workers replaced on request.", c->restarts);
	metric(out, "streamd_crashes_total", "counter", "Workers replaced because they died.", c->crashes);
	metric(out, "streamd_uncarried_total", "counter", "Connections that a takeover could not carry.", (double)c->uncarried);
	metric(out, "streamd_draining", "gauge", "1 while draining.", c->draining);
	metric(out, "streamd_resident_bytes", "gauge", "Resident memory of the worker.", c->rss_mb * 1048576);
	metric(out, "streamd_open_fds", "gauge", "Descriptors in use, about.", c->fds);
	metric(out, "streamd_max_fds", "gauge", "Most descriptors.", c->fds_max);
	mount_metric(c, with_hidden, out, "streamd_mount_source", "gauge", "1: a source is connected.", has_source);
	mount_metric(c, with_hidden, out, "streamd_mount_listeners", "gauge", "Listeners of the mount.", listeners);
	mount_metric(c, with_hidden, out, "streamd_mount_received_bytes_total", "counter", "Bytes from its source.", bytes_in);
	mount_metric(c, with_hidden, out, "streamd_mount_sent_bytes_total", "counter", "Bytes to its listeners.", bytes_out);
	mount_metric(c, with_hidden, out, "streamd_mount_silence_seconds", "gauge", "Since the source's last byte.", silence);
	mount_metric(c, with_hidden, out, "streamd_mount_slow_listeners_total", "counter", "Listeners dropped because they lagged.", slow);
}
