#include "server/process/check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "lib/http/response.h"
#include "lib/sys/file.h"
#include "lib/sys/sock.h"
#include "server/process/digest.h"

static void print_json(const struct start_config *c)
{
	char sha256[65];
	CLEANUP(buf_fini) struct buf out;
	buf_init(&out, 1u << 20);
	digest_sha256(buf_bytes(&c->xml), sha256);
	buf_addf(&out, "{\"ok\":%s,\"sha256\":\"%s\",\"findings\":", c->conf ? "true" : "false", sha256);
	conf_findings_json(&c->findings, &out);
	buf_adds(&out, "}\n");
	fputs(buf_text(&out), stdout);
}

static void print_text(const struct start_config *c)
{
	CLEANUP(buf_fini) struct buf out;
	buf_init(&out, 1u << 20);
	conf_findings_text(&c->findings, c->path, &out);
	fputs(buf_text(&out), stdout);
	printf("%s: %s\n", c->path, c->conf ? "can be run" : "cannot be run");
}

int check_config(const struct start_options *o)
{
	static struct start_config c;
	struct error e = {0};
	int r = start_read(&c, o, &e);
	if (r < 0 && c.xml.len == 0) {
		fprintf(stderr, "streamd: %s\n", e.text);
		return 1;
	}
	if (o->json)
		print_json(&c);
	else
		print_text(&c);
	start_config_fini(&c);
	return r < 0 ? 1 : 0;
}

int check_health(const struct start_options *o)
{
	static const char request[] = "GET /health HTTP/1.0\r\n\r\n";
	char answer[1024];
	struct timeval limit = {2, 0};
	struct http_response head;
	const char *path = o->control ? o->control : START_CONTROL;
	CLEANUP(file_close) int fd = sock_connect_unix(path);
	if (fd < 0) {
		fprintf(stderr, "streamd: nobody answers on %s: %s\n", path, strerror(-fd));
		return 1;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (file_write_all(fd, request, sizeof(request) - 1) < 0)
		return 1;
	ssize_t n = recv(fd, answer, sizeof(answer), 0);
	return n > 0 && http_response_parse(&head, (struct bytes){answer, (size_t)n}) == HTTP_PARSED && head.status == 200 ? 0 : 1;
}
