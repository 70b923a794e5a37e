/* Runs a fuzz target once for each file of the directories given, without libFuzzer. */
#include "fuzz.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SEED_MAX ((size_t)1 << 20)

static bool replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = malloc(SEED_MAX);
	uint8_t *exact;
	size_t len;

	if (!file || !bytes) {
		free(bytes);
		return false;
	}
	len = fread(bytes, 1, SEED_MAX, file);
	fclose(file);
	/* Of exactly its size, so that the sanitizer sees the first byte read past the end. */
	exact = malloc(len ? len : 1);
	if (exact) {
		memcpy(exact, bytes, len);
		LLVMFuzzerTestOneInput(exact, len);
	}
	free(exact);
	free(bytes);
	return exact != NULL;
}

static int replay_directory(const char *directory)
{
	DIR *dir = opendir(directory);
	const struct dirent *entry;
	char path[4096];
	int count = 0;

	if (!dir)
		return 0;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		if (!replay_file(path)) {
			count = 0;
			break;
		}
		count++;
	}
	closedir(dir);
	return count;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		int count = replay_directory(argv[i]);

		if (count == 0) {
			fprintf(stderr, "%s: no seeds that can be read\n", argv[i]);
			return 1;
		}
		printf("%s: %d seeds\n", argv[i], count);
	}
	return argc > 1 ? 0 : 2;
}
