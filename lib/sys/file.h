/*
 * Whole files: read with a limit, replaced durably.
 */
#pragma once

#include <sys/types.h>

#include "lib/base/buf.h"
#include "lib/base/error.h"

/* Appends the file's content to out. -EFBIG when it is longer than max_bytes. */
int file_read(const char *path, size_t max_bytes, struct buf *out, struct error *e);
int file_read_fd(int fd, size_t max_bytes, struct buf *out);

/*
 * Replaces path by a new file: PATH.tmp-XXXXXX written, fsynced, renamed over it,
 * folder fsynced. After a crash path is the old or the new file, whole.
 */
int file_replace(const char *path, struct bytes content, mode_t mode, struct error *e);

int file_write_all(int fd, const void *data, size_t len); /* 0 or -errno */
int file_sync_folder(const char *path);                   /* fsyncs the folder path lies in */
int file_make_folders(const char *path, mode_t mode, struct error *e); /* as mkdir -p */

void file_close(int *fd); /* for CLEANUP; closes when >= 0 and stores -1 */
