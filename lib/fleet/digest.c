#include "lib/fleet/digest.h"

#include <assert.h>
#include <openssl/evp.h>

void digest_text(struct bytes in, char out[DIGEST_TEXT_LEN + 1])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char raw[32];
	unsigned len = 0;
	int ok = EVP_Digest(in.ptr ? in.ptr : "", in.len, raw, &len, EVP_sha256(), NULL);
	assert(ok == 1 && len == sizeof(raw));
	for (unsigned i = 0; i < len; i++) {
		out[2 * i] = digits[raw[i] >> 4];
		out[2 * i + 1] = digits[raw[i] & 15];
	}
	out[DIGEST_TEXT_LEN] = 0;
}

bool digest_valid(struct bytes s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!((s.ptr[i] >= '0' && s.ptr[i] <= '9') || (s.ptr[i] >= 'a' && s.ptr[i] <= 'f')))
			return false;
	return s.len == DIGEST_TEXT_LEN;
}
