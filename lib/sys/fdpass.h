/*
 * Messages with descriptors over a Unix SOCK_SEQPACKET pair (SCM_RIGHTS).
 * Received descriptors are close-on-exec. A message never carries more than
 * FDPASS_MAX descriptors; a truncated one is -EPROTO and its descriptors are closed.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#define FDPASS_MAX 200

int fdpass_pair(int out[2]); /* SOCK_SEQPACKET, close-on-exec, blocking */

/* 0 or -errno (-EAGAIN on a non-blocking socket that is full). */
int fdpass_send(int sock, const void *data, size_t len, const int *fds, size_t n_fds);

/* Bytes received, 0 at the end of file, or -errno. *n_fds: in the room of fds, out those received. */
ssize_t fdpass_recv(int sock, void *data, size_t size, int *fds, size_t *n_fds);
