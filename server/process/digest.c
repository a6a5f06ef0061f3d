#include "server/process/digest.h"

#include <openssl/evp.h>
#include <stdio.h>

void digest_sha256(struct bytes data, char hex[65])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	if (EVP_Digest(data.len ? data.ptr : "", data.len, md, &len, EVP_sha256(), NULL) != 1)
		len = 0;
	for (unsigned i = 0; i < len && i < 32; i++) {
		hex[2 * i] = digits[md[i] >> 4];
		hex[2 * i + 1] = digits[md[i] & 15];
	}
	hex[2 * (len < 32 ? len : 32)] = '\0';
}
