#include "lib/sys/sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/sys/file.h"

#define CLOSED_STATE 7 /* TCP_CLOSE of the kernel's include/net/tcp_states.h */

static int bind_listen(const struct sockaddr *a, socklen_t len, bool v6only, int backlog)
{
	int one = 1, zero = 0;
	CLEANUP(file_close) int fd = socket(a->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	/* urgent data would shift the read place that is computed after a takeover; inherited by accept */
	setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &one, sizeof(one));
	if (a->sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, v6only ? &one : &zero, sizeof(one));
	if (bind(fd, a, len) < 0 || listen(fd, backlog) < 0)
		return -errno;
	int result = fd;
	fd = -1;
	return result;
}

int sock_listen_tcp(const char *address, uint16_t port, int backlog, struct error *e)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = in6addr_any};
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_ANY)};
	bool all = !address || !*address;
	int fd;
	if (all) {
		fd = bind_listen((struct sockaddr *)&six, sizeof(six), false, backlog);
		if (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL)
			fd = bind_listen((struct sockaddr *)&four, sizeof(four), false, backlog);
	} else if (inet_pton(AF_INET, address, &four.sin_addr) == 1) {
		fd = bind_listen((struct sockaddr *)&four, sizeof(four), false, backlog);
	} else if (inet_pton(AF_INET6, address, &six.sin6_addr) == 1) {
		fd = bind_listen((struct sockaddr *)&six, sizeof(six), true, backlog);
	} else {
		return error_set(e, -EINVAL, "\"%s\" is no IPv4 or IPv6 address", address);
	}
	if (fd == -EADDRINUSE)
		return error_set(e, fd, "port %u%s%s is in use by another program: stop it or choose another <port>", port, all ? "" : " on ",
			all ? "" : address);
	if (fd < 0)
		return error_set(e, fd, "port %u%s%s cannot be listened on: %s", port, all ? "" : " on ", all ? "" : address, strerror(-fd));
	return fd;
}

int sock_connect_unix(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(a.sun_path))
		return -ENAMETOOLONG;
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	CLEANUP(file_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return -errno;
	int result = fd;
	fd = -1;
	return result;
}

int sock_listen_unix(const char *path, mode_t mode, struct error *e)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(a.sun_path))
		return error_set(e, -ENAMETOOLONG, "%s: longer than the %zu bytes a Unix socket's path may have", path, sizeof(a.sun_path) - 1);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	int other = sock_connect_unix(path);
	if (other >= 0) {
		close(other);
		return error_set(e, -EADDRINUSE, "%s: another process answers there", path);
	}
	unlink(path);
	CLEANUP(file_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || chmod(path, mode) < 0 || listen(fd, 128) < 0)
		return error_set(e, -errno, "%s: cannot be listened on: %s", path, strerror(errno));
	int result = fd;
	fd = -1;
	return result;
}

uint16_t sock_local_port(int fd)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);
	if (getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		return 0;
	return a.ss_family == AF_INET ? ntohs(((struct sockaddr_in *)&a)->sin_port) :
	       a.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&a)->sin6_port) : 0;
}

bool sock_peer_text(int fd, char out[SOCK_ADDRESS_TEXT_MAX])
{
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);
	snprintf(out, SOCK_ADDRESS_TEXT_MAX, "?");
	if (getpeername(fd, (struct sockaddr *)&a, &len) < 0)
		return false;
	if (a.ss_family == AF_INET)
		return inet_ntop(AF_INET, &((struct sockaddr_in *)&a)->sin_addr, out, SOCK_ADDRESS_TEXT_MAX) != NULL;
	if (a.ss_family != AF_INET6)
		return false;
	const struct in6_addr *six = &((struct sockaddr_in6 *)&a)->sin6_addr;
	if (IN6_IS_ADDR_V4MAPPED(six))
		return inet_ntop(AF_INET, &six->s6_addr[12], out, SOCK_ADDRESS_TEXT_MAX) != NULL;
	return inet_ntop(AF_INET6, six, out, SOCK_ADDRESS_TEXT_MAX) != NULL;
}

int sock_accept(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

static int tcp_info(int fd, struct tcp_info *info)
{
	socklen_t len = sizeof(*info);
	memset(info, 0, sizeof(*info));
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &len) < 0 ? -errno : 0;
}

int sock_written(int fd, uint64_t *bytes)
{
	struct tcp_info a, b;
	int queued;
	do {
		if (tcp_info(fd, &a) < 0 || ioctl(fd, SIOCOUTQ, &queued) < 0 || tcp_info(fd, &b) < 0)
			return -ENOTCONN;
		if (b.tcpi_state == CLOSED_STATE)
			return -ENOTCONN;
	} while (a.tcpi_bytes_acked != b.tcpi_bytes_acked);
	*bytes = a.tcpi_bytes_acked + (uint64_t)queued;
	return 0;
}

static bool peer_has_finished(unsigned state)
{
	return state == 8 /* CLOSE_WAIT */ || state == 9 /* LAST_ACK */ || state == 11 /* CLOSING */;
}

int sock_read(int fd, uint64_t *bytes)
{
	struct tcp_info a, b;
	int queued;
	do {
		if (tcp_info(fd, &a) < 0 || ioctl(fd, SIOCINQ, &queued) < 0 || tcp_info(fd, &b) < 0)
			return -ENOTCONN;
		if (b.tcpi_state == CLOSED_STATE)
			return -ENOTCONN;
	} while (a.tcpi_bytes_received != b.tcpi_bytes_received || a.tcpi_state != b.tcpi_state);
	*bytes = a.tcpi_bytes_received - (uint64_t)queued - (peer_has_finished(a.tcpi_state) ? 1 : 0);
	return 0;
}

bool sock_addr_is_loopback(const struct sockaddr_storage *a)
{
	if (a->ss_family == AF_UNIX)
		return true;
	if (a->ss_family == AF_INET)
		return (ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr) >> 24) == 127;
	const struct in6_addr *six = &((const struct sockaddr_in6 *)a)->sin6_addr;
	return a->ss_family == AF_INET6 && (IN6_IS_ADDR_LOOPBACK(six) || (IN6_IS_ADDR_V4MAPPED(six) && six->s6_addr[12] == 127));
}
