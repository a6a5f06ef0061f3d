#include "lib/sys/shm.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int shm_create(const char *name, size_t size)
{
	int fd = memfd_create(name, MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)size) < 0) {
		int r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

int shm_size(int fd, size_t *size)
{
	struct stat s;
	if (fstat(fd, &s) < 0)
		return -errno;
	*size = (size_t)s.st_size;
	return 0;
}

void *shm_map(int fd, size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return p == MAP_FAILED ? NULL : p;
}

void shm_unmap(void *p, size_t size)
{
	if (p)
		munmap(p, size);
}

void *shm_map_ring(int fd, size_t offset, size_t size)
{
	/* reserve the window first, then lay both halves into it */
	char *window = mmap(NULL, size * 2, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (window == MAP_FAILED)
		return NULL;
	for (int half = 0; half < 2; half++)
		if (mmap(window + (size_t)half * size, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, (off_t)offset) == MAP_FAILED) {
			munmap(window, size * 2);
			return NULL;
		}
	return window;
}

void shm_unmap_ring(void *p, size_t size)
{
	if (p)
		munmap(p, size * 2);
}

size_t shm_page(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}
