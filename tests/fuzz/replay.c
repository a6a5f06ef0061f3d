/*
 * Runs every file of a corpus folder through a fuzz target, and each of its
 * prefixes and single-byte changes for small files, as a plain test.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
	static uint8_t content[1 << 20];
	FILE *f = fopen(path, "rb");
	if (!f)
		return 1;
	size_t n = fread(content, 1, sizeof(content), f);
	fclose(f);
	/* an exact-size copy, so that ASan sees a read past the end */
	for (size_t len = n > 2048 ? n : 0; len <= n; len++) {
		uint8_t *copy = malloc(len ? len : 1);
		memcpy(copy, content, len);
		LLVMFuzzerTestOneInput(copy, len);
		if (len == n)
			for (size_t i = 0; i < len && n <= 2048; i++) {
				copy[i] ^= 0x20;
				LLVMFuzzerTestOneInput(copy, len);
				copy[i] ^= 0x20;
			}
		free(copy);
	}
	return 0;
}

int main(int argc, char **argv)
{
	DIR *d = argc > 1 ? opendir(argv[1]) : NULL;
	if (!d) {
		fprintf(stderr, "usage: %s CORPUS-FOLDER (with at least one file)\n", argv[0]);
		return 2;
	}
	int files = 0, bad = 0;
	for (struct dirent *e; (e = readdir(d));) {
		char path[4096];
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", argv[1], e->d_name);
		bad += run_file(path);
		files++;
	}
	closedir(d);
	printf("%d files\n", files);
	return files == 0 || bad;
}
