#include "server/net/link.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "lib/sys/fdpass.h"

int link_send(int sock, const struct link_message *m, int fd)
{
	return fdpass_send(sock, m, sizeof(*m), &fd, fd >= 0 ? 1 : 0);
}

int link_recv(int sock, struct link_message *m, int *fd)
{
	size_t n_fds = 1;
	*fd = -1;
	ssize_t n = fdpass_recv(sock, m, sizeof(*m), fd, &n_fds);
	if (n <= 0)
		return (int)n;
	if (n_fds == 0)
		*fd = -1;
	bool whole = n == (ssize_t)sizeof(*m) && m->kind > 0 && m->kind < LINK_KINDS && memchr(m->text, 0, sizeof(m->text));
	if (whole)
		return 1;
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	return -EPROTO;
}
