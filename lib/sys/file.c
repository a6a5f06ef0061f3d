#include "lib/sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void file_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int file_read_fd(int fd, size_t max_bytes, struct buf *out)
{
	for (size_t total = 0;;) {
		char chunk[16384];
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return buf_failed(out) ? -ENOMEM : 0;
		total += (size_t)n;
		if (total > max_bytes)
			return -EFBIG;
		buf_add(out, chunk, (size_t)n);
	}
}

int file_read(const char *path, size_t max_bytes, struct buf *out, struct error *e)
{
	CLEANUP(file_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(e, -errno, "%s: cannot be opened: %s", path, strerror(errno));
	int r = file_read_fd(fd, max_bytes, out);
	if (r == -EFBIG)
		return error_set(e, r, "%s: longer than %zu bytes", path, max_bytes);
	return r < 0 ? error_set(e, r, "%s: cannot be read: %s", path, strerror(-r)) : 0;
}

int file_write_all(int fd, const void *data, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, (const char *)data + done, len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	return 0;
}

int file_sync_folder(const char *path)
{
	char folder[4096];
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;
	if (len >= sizeof(folder))
		return -ENAMETOOLONG;
	snprintf(folder, sizeof(folder), "%.*s", (int)len, path);
	CLEANUP(file_close) int fd = open(slash ? (len ? folder : "/") : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return fsync(fd) < 0 ? -errno : 0;
}

static int write_new(int fd, struct bytes content, mode_t mode)
{
	int r = file_write_all(fd, content.ptr, content.len);
	if (r == 0 && fchmod(fd, mode) < 0)
		r = -errno;
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	return r;
}

int file_replace(const char *path, struct bytes content, mode_t mode, struct error *e)
{
	char tmp[4096];
	if ((size_t)snprintf(tmp, sizeof(tmp), "%s.tmp-XXXXXX", path) >= sizeof(tmp))
		return error_set(e, -ENAMETOOLONG, "%s: path too long", path);
	CLEANUP(file_close) int fd = mkostemp(tmp, O_CLOEXEC);
	if (fd < 0)
		return error_set(e, -errno, "%s: no new file can be made beside it: %s", path, strerror(errno));
	int r = write_new(fd, content, mode);
	if (r == 0 && rename(tmp, path) < 0)
		r = -errno;
	if (r < 0) {
		unlink(tmp);
		return error_set(e, r, "%s: cannot be replaced: %s", path, strerror(-r));
	}
	r = file_sync_folder(path);
	return r < 0 ? error_set(e, r, "%s: its folder cannot be synced: %s", path, strerror(-r)) : 0;
}

int file_make_folders(const char *path, mode_t mode, struct error *e)
{
	char part[4096];
	if (strlen(path) >= sizeof(part))
		return error_set(e, -ENAMETOOLONG, "%s: path too long", path);
	for (size_t i = 1;; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		snprintf(part, sizeof(part), "%.*s", (int)i, path);
		if (mkdir(part, mode) < 0 && errno != EEXIST)
			return error_set(e, -errno, "%s: cannot be made: %s", part, strerror(errno));
		if (path[i] == '\0')
			return 0;
	}
}
