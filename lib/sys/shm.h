/*
 * Shared memory in memfds, and a ring mapped twice back to back so that each
 * window of it is contiguous.
 */
#pragma once

#include <stddef.h>

int shm_create(const char *name, size_t size); /* memfd, close-on-exec; descriptor or -errno */
int shm_size(int fd, size_t *size);

/* Maps the whole memfd, shared. NULL on failure. */
void *shm_map(int fd, size_t size);
void shm_unmap(void *p, size_t size);

/* Maps size bytes at offset twice in a row; both are multiples of shm_page(). NULL on failure. */
void *shm_map_ring(int fd, size_t offset, size_t size);
void shm_unmap_ring(void *p, size_t size);

size_t shm_page(void); /* the run-time page size */
