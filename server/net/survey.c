#include "server/net/survey.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/sys/clock.h"
#include "lib/sys/file.h"
#include "server/net/listener.h"
#include "server/net/mount.h"

static void text(char *out, size_t size, const char *own, const char *told)
{
	bytes_copy(bytes_of(own && *own ? own : told), out, size);
}

static void copy_mount(const struct mount *m, uint64_t now_ms, struct census_mount *out)
{
	const struct mount_record *r = m->record;
	const struct conf_mount *s = &m->settings;
	struct mount_title t = mount_title(r);
	text(out->mount, sizeof(out->mount), NULL, r->name);
	out->has_source = m->source != NULL;
	out->hidden = s->hidden;
	out->is_public = (s->is_public >= 0 ? s->is_public : r->is_public) > 0;
	text(out->content_type, sizeof(out->content_type), s->type, r->content_type);
	text(out->name, sizeof(out->name), s->stream_name, r->stream_name);
	text(out->description, sizeof(out->description), s->stream_description, r->description);
	text(out->genre, sizeof(out->genre), s->genre, r->genre);
	text(out->url, sizeof(out->url), s->stream_url, r->url);
	text(out->audio_info, sizeof(out->audio_info), NULL, r->audio_info);
	text(out->title, sizeof(out->title), NULL, t.title);
	text(out->artist, sizeof(out->artist), NULL, t.artist);
	text(out->subtype, sizeof(out->subtype), NULL, r->subtype);
	text(out->source_ip, sizeof(out->source_ip), NULL, r->source_ip);
	text(out->user_agent, sizeof(out->user_agent), NULL, r->user_agent);
	out->bitrate_kbps = s->bitrate > 0 ? (int)s->bitrate : r->bitrate > 0 ? r->bitrate : (int)m->mpeg.kbps;
	out->source_since_ms = r->since_ms;
	out->silence_ms = now_ms > r->last_byte_ms ? now_ms - r->last_byte_ms : 0;
	out->listeners = m->n_seats;
	out->listener_peak = r->listener_peak;
	out->slow_listeners = (uint32_t)r->slow_listeners;
	out->max_listeners = s->max_listeners;
	out->bytes_in = r->bytes_in;
	out->bytes_out = r->bytes_out;
	out->listener_connections = r->listener_connections;
}

static void audio_facts(const struct mount *m, struct census_mount *out)
{
	if (m->record->format == MOUNT_MPEG && m->mpeg.locked) {
		out->samplerate = (int)m->mpeg.samplerate;
		out->channels = (int)m->mpeg.channels;
	} else if (m->ogg) {
		struct ogg_facts f;
		ogg_facts(m->ogg, &f);
		out->samplerate = (int)f.samplerate;
		out->channels = (int)f.channels;
		if (out->bitrate_kbps == 0)
			out->bitrate_kbps = (int)f.kbps;
	}
}

/* A configured mount without a source is listed too: an operator looks for it. */
static bool has_running(const struct net *n, const char *name)
{
	for (uint32_t i = 0; i < ROSTER_MOUNTS_MAX; i++)
		if (n->mounts[i] && n->mounts[i]->source && strcmp(n->mounts[i]->record->name, name) == 0)
			return true;
	return false;
}

static void copy_configured(const struct net *n, struct census *out)
{
	for (size_t i = 0; i < n->conf->n_mounts; i++) {
		const struct conf_mount *s = &n->conf->mounts[i];
		if (!s->name || strpbrk(s->name, "*?[") || has_running(n, s->name))
			continue;
		struct census_mount *m = &out->mounts[out->n_mounts++];
		text(m->mount, sizeof(m->mount), NULL, s->name);
		m->hidden = s->hidden;
		m->max_listeners = s->max_listeners;
	}
}

static void copy_mounts(struct net *n, struct census *out)
{
	size_t most = ROSTER_MOUNTS_MAX + n->conf->n_mounts;
	out->mounts = calloc(most, sizeof(*out->mounts));
	if (!out->mounts)
		return;
	for (uint32_t i = 0; i < ROSTER_MOUNTS_MAX; i++) {
		struct mount *m = n->mounts[i];
		if (!m || !m->source)
			continue;
		copy_mount(m, out->now_ms, &out->mounts[out->n_mounts]);
		audio_facts(m, &out->mounts[out->n_mounts++]);
	}
	copy_configured(n, out);
}

static double resident_mb(void)
{
	CLEANUP(buf_fini) struct buf text_buf;
	unsigned long size = 0, resident = 0;
	buf_init(&text_buf, 256);
	if (file_read("/proc/self/statm", 255, &text_buf, NULL) < 0 || sscanf(buf_text(&text_buf), "%lu %lu", &size, &resident) != 2)
		return 0;
	return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1048576;
}

/* Of one core, since the last survey. */
static double cpu_percent(void)
{
	static uint64_t last_wall_us, last_cpu_us;
	static double last;
	struct rusage u;
	uint64_t wall = clock_mono_us();
	if (wall - last_wall_us < 200000)
		return last;
	getrusage(RUSAGE_SELF, &u);
	uint64_t cpu = (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
	last = last_wall_us ? 100.0 * (double)(cpu - last_cpu_us) / (double)(wall - last_wall_us) : 0;
	last_wall_us = wall;
	last_cpu_us = cpu;
	return last;
}

static void copy_head(struct net *n, struct census *out)
{
	const struct roster_head *h = n->roster.head;
	out->started_ms = h->started_ms;
	out->restarts = (uint32_t)h->restarts;
	out->crashes = (uint32_t)h->crashes;
	out->draining = h->draining != 0;
	out->drain_since_ms = h->drain_since_ms;
	out->drain_deadline_ms = h->drain_deadline_ms;
	text(out->config_path, sizeof(out->config_path), NULL, n->vault->config_path);
	text(out->config_sha256, sizeof(out->config_sha256), NULL, h->config_sha256);
	out->config_loaded_ms = h->config_loaded_ms;
	out->client_connections = h->client_connections;
	out->source_connections = h->source_connections;
	out->listener_connections = h->listener_connections;
	out->file_connections = h->file_connections;
	out->stats_connections = h->stats_connections;
	out->bytes_in = h->bytes_in;
	out->bytes_out = h->bytes_out;
	out->uncarried = h->uncarried;
}

void survey(struct net *n, struct census *out)
{
	static uint64_t worker_started_ms;
	struct rlimit files;
	*out = (struct census){.now_ms = clock_wall_ms()};
	if (!worker_started_ms)
		worker_started_ms = out->now_ms;
	copy_head(n, out);
	out->worker_started_ms = worker_started_ms;
	out->state = n->stopping ? SERVER_STOPPING : !n->accepting ? SERVER_STARTING : out->draining ? SERVER_DRAINING : SERVER_SERVING;
	out->pid = (int)getppid();
	out->worker_pid = (int)getpid();
	for (uint32_t i = 0; i < n->vault->n_doors; i++) {
		text(out->listen[i].address, sizeof(out->listen[i].address), NULL, n->vault->doors[i].address);
		out->listen[i].port = n->vault->doors[i].port;
	}
	out->n_listen = n->vault->n_doors;
	out->listeners = n->n_listeners;
	out->sources = n->n_sources;
	out->clients = n->n_listeners + n->n_sources + n->n_conns + n->n_exchanges;
	out->fds = out->clients + 16 + out->n_listen;
	out->fds_max = getrlimit(RLIMIT_NOFILE, &files) == 0 ? (uint32_t)files.rlim_cur : 0;
	out->rss_mb = resident_mb();
	out->cpu_pct = cpu_percent();
	copy_mounts(n, out);
}

size_t survey_listeners(struct net *n, const char *mount, struct census_listener *out, size_t max)
{
	struct mount *m = mount_find(n, bytes_of(mount));
	for (uint32_t i = 0; m && i < m->n_seats && i < max; i++) {
		const struct listener *l = &n->listeners[m->seats[i]];
		const struct roster_record *r = net_record(n, l->slot);
		out[i] = (struct census_listener){.id = r->id, .since_ms = r->since_ms, .lag_bytes = listener_lag(l), .icy = r->flags & ROSTER_WOVEN};
		text(out[i].mount, sizeof(out[i].mount), NULL, m->record->name);
		text(out[i].ip, sizeof(out[i].ip), NULL, r->ip);
		text(out[i].agent, sizeof(out[i].agent), NULL, r->agent);
	}
	return m ? m->n_seats : 0;
}
