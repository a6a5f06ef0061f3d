/*
 * A file of records that survives anything: each is framed by its length and
 * CRC-32C, appended and fdatasynced; a torn tail is cut off at the next open.
 *
 *   record = u32 length, u32 crc32c(payload), payload      (little-endian)
 */
#pragma once

#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/base/error.h"

#define JOURNAL_RECORD_MAX (512u << 10)

struct journal {
	int fd;
	char path[512];
	size_t bytes; /* of whole records */
};

/* Opens or makes it (0600), hands each record to on_record in order, cuts off what is torn. 0 or -errno with text. */
int journal_open(struct journal *j, const char *path, void (*on_record)(void *arg, struct bytes record), void *arg, struct error *e);
void journal_close(struct journal *j);

/* On disk when it returns 0; -errno: nothing was appended (-ENOSPC, -EMSGSIZE, -EIO). */
int journal_append(struct journal *j, struct bytes record);

/* Its content becomes the framed records in content (journal_frame), whole or not at all. */
int journal_replace(struct journal *j, struct bytes content, struct error *e);
void journal_frame(struct buf *out, struct bytes record);

int journal_clear(struct journal *j);
