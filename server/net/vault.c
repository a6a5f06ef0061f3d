#include "server/net/vault.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/sys/file.h"

int vault_init(struct vault *v, uint32_t slots)
{
	*v = (struct vault){.slots = slots, .control = -1, .roster_fd = -1, .config = -1};
	v->connection = malloc(sizeof(int) * slots);
	v->generation = calloc(slots, sizeof(uint32_t));
	if (!v->connection || !v->generation)
		return -ENOMEM;
	for (uint32_t i = 0; i < slots; i++)
		v->connection[i] = -1;
	for (uint32_t i = 0; i < ROSTER_MOUNTS_MAX; i++)
		v->tape[i][VAULT_PLAIN] = v->tape[i][VAULT_WOVEN] = -1;
	return 0;
}

void vault_fini(struct vault *v)
{
	for (uint32_t i = 0; i < v->slots; i++)
		file_close(&v->connection[i]);
	for (uint32_t i = 0; i < ROSTER_MOUNTS_MAX; i++)
		for (uint32_t k = 0; k < VAULT_TAPES; k++)
			file_close(&v->tape[i][k]);
	for (uint32_t i = 0; i < v->n_doors; i++)
		file_close(&v->doors[i].fd);
	file_close(&v->control);
	file_close(&v->roster_fd);
	file_close(&v->config);
	free(v->connection);
	free(v->generation);
	*v = (struct vault){.control = -1, .roster_fd = -1, .config = -1};
}

bool vault_put_connection(struct vault *v, uint32_t slot, uint32_t generation, int fd)
{
	if (slot >= v->slots) {
		close(fd);
		return false;
	}
	file_close(&v->connection[slot]);
	v->connection[slot] = fd;
	v->generation[slot] = generation;
	return true;
}

bool vault_drop_connection(struct vault *v, uint32_t slot, uint32_t generation)
{
	if (slot >= v->slots || v->connection[slot] < 0 || v->generation[slot] != generation)
		return false;
	file_close(&v->connection[slot]);
	return true;
}

bool vault_put_tape(struct vault *v, uint32_t mount, uint32_t which, int fd)
{
	if (mount >= ROSTER_MOUNTS_MAX || which >= VAULT_TAPES) {
		close(fd);
		return false;
	}
	file_close(&v->tape[mount][which]);
	v->tape[mount][which] = fd;
	return true;
}

void vault_drop_tape(struct vault *v, uint32_t mount, uint32_t which)
{
	if (mount < ROSTER_MOUNTS_MAX && which < VAULT_TAPES)
		file_close(&v->tape[mount][which]);
}

uint32_t vault_connections(const struct vault *v)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < v->slots; i++)
		n += v->connection[i] >= 0;
	return n;
}
