#include "agent/host/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/crc32c.h"
#include "lib/base/macros.h"
#include "lib/sys/file.h"

#define FRAME_BYTES 8
#define FILE_BYTES_MAX (64u << 20)

static uint32_t get_u32(const char *at)
{
	const unsigned char *b = (const unsigned char *)at;
	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static void put_u32(struct buf *out, uint32_t v)
{
	char b[4] = {(char)v, (char)(v >> 8), (char)(v >> 16), (char)(v >> 24)};
	buf_add(out, b, sizeof(b));
}

void journal_frame(struct buf *out, struct bytes record)
{
	put_u32(out, (uint32_t)record.len);
	put_u32(out, crc32c(0, record.ptr, record.len));
	buf_add_bytes(out, record);
}

/* Takes a whole record off *rest. */
static bool take_record(struct bytes *rest, struct bytes *record)
{
	if (rest->len < FRAME_BYTES)
		return false;
	size_t len = get_u32(rest->ptr);
	if (len > JOURNAL_RECORD_MAX || len > rest->len - FRAME_BYTES)
		return false;
	*record = bytes_sub(*rest, FRAME_BYTES, len);
	if (crc32c(0, record->ptr, len) != get_u32(rest->ptr + 4))
		return false;
	*rest = bytes_sub(*rest, FRAME_BYTES + len, rest->len);
	return true;
}

int journal_open(struct journal *j, const char *path, void (*on_record)(void *, struct bytes), void *arg, struct error *e)
{
	CLEANUP(buf_fini) struct buf content;
	buf_init(&content, FILE_BYTES_MAX);
	*j = (struct journal){.fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND, 0600)};
	if (j->fd < 0 || !bytes_copy(bytes_of(path), j->path, sizeof(j->path)))
		return error_set(e, j->fd < 0 ? -errno : -ENAMETOOLONG, "%s: %s", path, strerror(errno));
	int r = file_read_fd(j->fd, FILE_BYTES_MAX, &content);
	if (r < 0)
		return error_set(e, r, "%s: %s", path, strerror(-r));
	struct bytes rest = buf_bytes(&content), record;
	while (take_record(&rest, &record))
		on_record(arg, record);
	j->bytes = content.len - rest.len;
	if (rest.len && ftruncate(j->fd, (off_t)j->bytes) < 0)
		return error_set(e, -errno, "%s: its torn end cannot be cut off: %s", path, strerror(errno));
	return file_sync_folder(path);
}

void journal_close(struct journal *j) { file_close(&j->fd); }

int journal_append(struct journal *j, struct bytes record)
{
	CLEANUP(buf_fini) struct buf framed;
	if (record.len > JOURNAL_RECORD_MAX)
		return -EMSGSIZE;
	if (j->bytes + record.len + FRAME_BYTES > FILE_BYTES_MAX)
		return -ENOSPC;
	buf_init(&framed, record.len + FRAME_BYTES);
	journal_frame(&framed, record);
	if (buf_failed(&framed))
		return -ENOMEM;
	int r = file_write_all(j->fd, framed.data, framed.len);
	if (r == 0 && fdatasync(j->fd) < 0)
		r = -errno;
	if (r < 0 && ftruncate(j->fd, (off_t)j->bytes) < 0)
		return -EIO; /* a torn record stays: the next open cuts it off, and what follows it with it */
	if (r == 0)
		j->bytes += framed.len;
	return r;
}

int journal_replace(struct journal *j, struct bytes content, struct error *e)
{
	int r = file_replace(j->path, content, 0600, e);
	if (r < 0)
		return r;
	int fd = open(j->path, O_RDWR | O_CLOEXEC | O_APPEND);
	if (fd < 0)
		return error_set(e, -errno, "%s: %s", j->path, strerror(errno));
	file_close(&j->fd);
	j->fd = fd;
	j->bytes = content.len;
	return 0;
}

int journal_clear(struct journal *j)
{
	if (ftruncate(j->fd, 0) < 0)
		return -errno;
	j->bytes = 0;
	return 0;
}
