#include "agent/host/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/sys/file.h"

#define PATH_MAX_BYTES 512

static void rev_path(const struct store *s, uint64_t rev, char out[PATH_MAX_BYTES])
{
	snprintf(out, PATH_MAX_BYTES, "%s/revisions/%llu.xml", s->folder, (unsigned long long)rev);
}

static void committed_path(const struct store *s, char out[PATH_MAX_BYTES]) { snprintf(out, PATH_MAX_BYTES, "%s/config.json", s->folder); }

int store_open(struct store *s, const char *config, const char *folder, struct error *e)
{
	char revisions[PATH_MAX_BYTES];
	if (!bytes_copy(bytes_of(config), s->config, sizeof(s->config)) || !bytes_copy(bytes_of(folder), s->folder, sizeof(s->folder)))
		return error_set(e, -ENAMETOOLONG, "%s: too long a path", folder);
	snprintf(revisions, sizeof(revisions), "%s/revisions", folder);
	return file_make_folders(revisions, 0700, e);
}

int store_read_config(const struct store *s, struct buf *out, struct error *e) { return file_read(s->config, STORE_CONFIG_MAX, out, e); }

int store_stage(const struct store *s, uint64_t rev, struct bytes xml, struct error *e)
{
	char path[PATH_MAX_BYTES];
	rev_path(s, rev, path);
	return file_replace(path, xml, 0600, e);
}

int store_read(const struct store *s, uint64_t rev, struct buf *out, struct error *e)
{
	char path[PATH_MAX_BYTES];
	rev_path(s, rev, path);
	return file_read(path, STORE_CONFIG_MAX, out, e);
}

void store_discard(const struct store *s, uint64_t rev)
{
	char path[PATH_MAX_BYTES];
	rev_path(s, rev, path);
	unlink(path);
}

/* A rename over a mount point is EBUSY, a folder that is read-only EROFS or EACCES: found out before anything is changed. */
int store_check(const struct store *s, struct error *e)
{
	char folder[PATH_MAX_BYTES];
	struct stat file, in;
	snprintf(folder, sizeof(folder), "%s", s->config);
	char *slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = 0;
	if (stat(slash ? folder : ".", &in) < 0 || access(slash ? folder : ".", W_OK) < 0)
		return error_set(e, -errno, "%s cannot be replaced: its folder: %s", s->config, strerror(errno));
	if (stat(s->config, &file) == 0 && file.st_dev != in.st_dev)
		return error_set(e, -EBUSY, "%s cannot be replaced: it is mounted on its own; mount its folder", s->config);
	return 0;
}

int store_install(const struct store *s, uint64_t rev, struct error *e)
{
	CLEANUP(buf_fini) struct buf xml;
	struct stat before = {.st_mode = 0640, .st_uid = geteuid(), .st_gid = getegid()};
	buf_init(&xml, STORE_CONFIG_MAX);
	int r = store_read(s, rev, &xml, e);
	if (r < 0)
		return r;
	bool was = stat(s->config, &before) == 0;
	r = file_replace(s->config, buf_bytes(&xml), before.st_mode & 07777, e);
	if (r == 0 && was && geteuid() == 0 && chown(s->config, before.st_uid, before.st_gid) < 0)
		r = error_set(e, -errno, "%s: its owner: %s", s->config, strerror(errno));
	return r;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

static void prune(const struct store *s, uint64_t upto)
{
	char path[PATH_MAX_BYTES];
	uint64_t revs[256];
	size_t n = 0;
	snprintf(path, sizeof(path), "%s/revisions", s->folder);
	DIR *d = opendir(path);
	for (struct dirent *entry; d && n < 256 && (entry = readdir(d));) {
		struct bytes name = bytes_of(entry->d_name);
		uint64_t rev;
		if (bytes_ends(name, ".xml") && bytes_to_u64(bytes_sub(name, 0, name.len - 4), UINT64_MAX / 2, &rev) && rev <= upto)
			revs[n++] = rev;
	}
	if (d)
		closedir(d);
	qsort(revs, n, sizeof(*revs), by_number);
	for (size_t i = 0; i + STORE_KEPT < n; i++)
		store_discard(s, revs[i]);
}

int store_commit(const struct store *s, const struct store_committed *c, struct error *e)
{
	char path[PATH_MAX_BYTES], text[256];
	committed_path(s, path);
	snprintf(text, sizeof(text), "{\"rev\":%llu,\"sha256\":\"%s\",\"applied_at\":%llu}\n", (unsigned long long)c->rev, c->sha256,
		(unsigned long long)c->applied_ms);
	int r = file_replace(path, bytes_of(text), 0600, e);
	if (r == 0)
		prune(s, c->rev);
	return r;
}

int store_committed_text(const struct store *s, struct buf *out, struct error *e)
{
	char path[PATH_MAX_BYTES];
	committed_path(s, path);
	return file_read(path, 4096, out, e);
}
