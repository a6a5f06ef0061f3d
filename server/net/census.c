#include "server/net/census.h"

#include <stdlib.h>
#include <string.h>

void census_fini(struct census *c)
{
	free(c->mounts);
	c->mounts = NULL;
	c->n_mounts = 0;
}

const struct census_mount *census_mount(const struct census *c, const char *mount)
{
	for (size_t i = 0; i < c->n_mounts; i++)
		if (strcmp(c->mounts[i].mount, mount) == 0)
			return &c->mounts[i];
	return NULL;
}
