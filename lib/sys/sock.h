/*
 * TCP and Unix sockets: opened close-on-exec and non-blocking from birth.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "lib/base/error.h"

#define SOCK_ADDRESS_TEXT_MAX 64

/*
 * Listens on TCP. address NULL or "": all, IPv6 and IPv4 in one socket where possible.
 * port 0: the kernel chooses (sock_local_port). Returns the descriptor or -errno with text.
 */
int sock_listen_tcp(const char *address, uint16_t port, int backlog, struct error *e);

/* Listens on a Unix stream socket; a dead socket file is replaced, a live one is -EADDRINUSE. */
int sock_listen_unix(const char *path, mode_t mode, struct error *e);

int sock_connect_unix(const char *path); /* blocking connect; descriptor or -errno */

uint16_t sock_local_port(int fd);

/* "192.0.2.1" or "2001:db8::1"; IPv4-mapped addresses as IPv4. False and "?" when it has none. */
bool sock_peer_text(int fd, char out[SOCK_ADDRESS_TEXT_MAX]);

/* Accepts one connection, non-blocking and close-on-exec; -errno. */
int sock_accept(int listener);

/*
 * How far a TCP connection has come, from the kernel, to the byte: what this side has written
 * and read in all since the connection began (TCP_INFO, SIOCOUTQ, SIOCINQ read until stable).
 * -ENOTCONN when it is gone.
 */
int sock_written(int fd, uint64_t *bytes);
int sock_read(int fd, uint64_t *bytes);

bool sock_addr_is_loopback(const struct sockaddr_storage *a);
