/*
 * What a server is doing now, as typed facts taken at one moment: the one
 * source of every status page, metric and health answer. Each format has one
 * renderer in server/admin. It owns copies; nothing points into the server.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum server_state { SERVER_STARTING, SERVER_SERVING, SERVER_DRAINING, SERVER_STOPPING };

struct census_mount {
	char mount[256];
	bool has_source;
	bool hidden;
	bool is_public;
	char content_type[64];
	char name[256], description[512], genre[128], url[256], audio_info[256]; /* as sent or overridden; "" unknown; UTF-8 */
	char title[512], artist[256];                                            /* UTF-8; "" unknown */
	char subtype[32];      /* "Vorbis", "Opus", "FLAC", "MP3", "AAC" or "" */
	char source_ip[64], user_agent[128];
	int bitrate_kbps;      /* told or measured; 0 unknown */
	int samplerate, channels; /* 0 unknown */
	uint64_t source_since_ms; /* wall clock */
	uint64_t silence_ms;      /* since the source's last byte */
	uint32_t listeners, listener_peak, slow_listeners;
	int64_t max_listeners; /* -1: no limit of its own */
	uint64_t bytes_in, bytes_out, listener_connections;
};

struct census_listener {
	uint64_t id;
	char mount[256], ip[64], agent[128];
	uint64_t since_ms; /* wall clock */
	uint64_t lag_bytes;
	bool icy;
};

struct census_listen {
	char address[64];
	uint16_t port;
};

struct census {
	enum server_state state;
	uint64_t now_ms, started_ms, worker_started_ms; /* wall clock */
	int pid, worker_pid;
	uint32_t restarts, crashes;
	bool draining;
	uint64_t drain_since_ms, drain_deadline_ms; /* deadline 0: none */
	char config_path[512], config_sha256[65];
	uint64_t config_loaded_ms;
	struct census_listen listen[16];
	size_t n_listen;
	uint32_t listeners, sources, clients;
	uint64_t client_connections, source_connections, listener_connections, file_connections, stats_connections; /* in all, since the start */
	uint64_t bytes_in, bytes_out;
	uint64_t uncarried; /* connections that a takeover could not carry */
	double rss_mb, cpu_pct, loop_lag_ms;
	uint32_t fds, fds_max;
	struct census_mount *mounts; /* the caller's after census_take(): census_fini() */
	size_t n_mounts;
};

void census_fini(struct census *c);
const struct census_mount *census_mount(const struct census *c, const char *mount);
