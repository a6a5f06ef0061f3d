#include "agent/host/control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/fetch/fetch.h"

#define CONNECT_MS 2000

int control_call(const char *socket, const char *method, const char *path, struct bytes body, unsigned timeout_ms, int *status, struct buf *answer,
	struct error *e)
{
	char url[512];
	snprintf(url, sizeof(url), "http://streamd%s", path);
	struct fetch_request q = {
		.method = method, .url = url, .unix_socket = socket, .content_type = body.len ? "application/octet-stream" : NULL, .body = body,
		.timeout_ms = timeout_ms, .connect_timeout_ms = CONNECT_MS,
	};
	struct fetch_response r = {.body = *answer};
	if (access(socket, F_OK) < 0)
		return error_set(e, -ECONNREFUSED, "streamd's control socket %s: %s", socket, strerror(errno));
	int result = fetch(&q, &r, e);
	*answer = r.body;
	if (result < 0)
		return error_wrap(e, result == -ENOENT ? -ECONNREFUSED : result, "streamd's control socket %s", socket);
	*status = r.status;
	return 0;
}
