/* room: fleet */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/fleet/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct command_in c;
	struct error e = {0};
	int r = envelope_read(&c, (struct bytes){(const char *)data, size}, &e);
	assert((r == 0) == !error_is_set(&e));
	if (r == 0)
		assert(ulid_valid(bytes_of(c.id)) && fleet_id_valid(bytes_of(c.ctl)) && c.ttl_s && c.seals <= SEALS_MAX);
	command_in_fini(&c);
	return 0;
}
