/* room: conf */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "server/conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes xml = {(const char *)data, size};
	struct conf_findings f = {0};
	struct buf redacted, filled;
	unsigned kept, plain;
	struct conf *c = conf_parse(xml, NULL, &f);
	buf_init(&redacted, 8u << 20);
	buf_init(&filled, 8u << 20);
	if (conf_redact(xml, &redacted, NULL) == 0)
		conf_fill(buf_bytes(&redacted), xml, &filled, &kept, &plain, &f);
	assert(c || conf_findings_have(&f, CONF_ERROR));
	buf_fini(&redacted);
	buf_fini(&filled);
	conf_free(c);
	conf_findings_fini(&f);
	return 0;
}
