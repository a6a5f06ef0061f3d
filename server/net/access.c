#include "server/net/access.h"

#include <time.h>
#include <unistd.h>

#include "lib/base/escape.h"
#include "lib/sys/clock.h"
#include "lib/sys/sock.h"

#define LINE_MAX_BYTES 32768

static void begin(struct buf *line, const char *ip, const char *user)
{
	char stamp[40];
	time_t now = (time_t)(clock_wall_ms() / 1000);
	struct tm tm;
	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%d/%b/%Y:%H:%M:%S %z", &tm);
	buf_addf(line, "%s - ", ip);
	escape_log(line, bytes_of(*user ? user : "-"));
	buf_addf(line, " [%s] \"", stamp);
}

static void finish(struct net *n, struct buf *line)
{
	buf_addc(line, '\n');
	if (!buf_failed(line) && write(n->access_fd, line->data, line->len) < 0)
		return; /* a full disk must not disturb a stream */
}

static void field(struct buf *line, struct bytes value)
{
	buf_adds(line, " \"");
	escape_log(line, value.len ? value : BYTES_LITERAL("-"));
	buf_addc(line, '"');
}

void access_request(struct net *n, const char *ip, const struct http_request *q, int status, uint64_t body_bytes, uint64_t began_us)
{
	if (n->access_fd < 0)
		return;
	CLEANUP(buf_fini) struct buf line;
	struct http_credentials who;
	buf_init(&line, LINE_MAX_BYTES);
	http_credentials(q, &who);
	begin(&line, ip, who.kind == HTTP_CREDENTIALS_BASIC ? who.user : "");
	escape_log(&line, q->method);
	buf_addc(&line, ' ');
	escape_log(&line, q->path);
	buf_addf(&line, " HTTP/%s\" %d %llu", q->version == HTTP_1_1 ? "1.1" : "1.0", status, (unsigned long long)body_bytes);
	field(&line, http_field(q, "Referer"));
	field(&line, http_field(q, "User-Agent"));
	buf_addf(&line, " %llu", (unsigned long long)(clock_mono_us() - began_us) / 1000000);
	finish(n, &line);
}

void access_stream(struct net *n, const struct roster_record *r, const char *mount, int fd)
{
	if (n->access_fd < 0)
		return;
	CLEANUP(buf_fini) struct buf line;
	uint64_t carried = 0;
	bool source = atomic_load(&r->kind) == ROSTER_SOURCE;
	buf_init(&line, LINE_MAX_BYTES);
	if ((source ? sock_read(fd, &carried) : sock_written(fd, &carried)) < 0)
		carried = 0;
	uint64_t before = source ? r->read_before + r->request_len : r->sent_before;
	begin(&line, r->ip, source ? "source" : "");
	buf_addf(&line, "%s ", source ? "SOURCE" : "GET");
	escape_log(&line, bytes_of(mount));
	buf_addf(&line, " HTTP/1.0\" 200 %llu", (unsigned long long)(carried > before ? carried - before : 0));
	field(&line, BYTES_NONE);
	field(&line, bytes_of(r->agent));
	buf_addf(&line, " %llu", (unsigned long long)(clock_wall_ms() - r->since_ms) / 1000);
	finish(n, &line);
}
