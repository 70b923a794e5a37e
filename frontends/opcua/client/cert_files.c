#include "cert_files.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "input.h"

bool cert_files_put(struct cert_files *files, const uint8_t *der, size_t len)
{
	uint8_t *copy = files->count < CERT_FILES_MAX ? malloc(len ? len : 1) : NULL;
	uint8_t **ders = copy ? reallocarray(files->ders, files->count + 1, sizeof(*ders)) : NULL;
	size_t *lens = NULL;

	if (ders) {
		files->ders = ders;
		lens = reallocarray(files->lens, files->count + 1, sizeof(*lens));
	}
	if (!lens) {
		free(copy);
		return false;
	}
	files->lens = lens;
	memcpy(copy, der, len);
	ders[files->count] = copy;
	lens[files->count++] = len;
	return true;
}

void cert_files_clear(struct cert_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->ders[i]);
	free(files->ders);
	free(files->lens);
	*files = (struct cert_files){0};
}

static enum exit_code add_all(const struct program *program, const char *path,
			      const struct bundle *bundle, struct cert_files *files)
{
	for (size_t i = 0; i < bundle->count; i++)
		if (!cert_files_put(files, bundle->ders[i], bundle->lens[i]))
			return program_fail(program, EXIT_FAILED,
					    "%s: there is no memory for it, or there are more than "
					    "%d certificates and CRLs",
					    path, CERT_FILES_MAX);
	return EXIT_OK;
}

enum exit_code cert_files_add(const struct program *program, const char *path,
			      struct cert_files *files)
{
	struct input file = {0};
	struct bundle bundle = {0};
	enum exit_code code = input_read(program, path, INPUT_FILE_MAX, &file);

	if (code != EXIT_OK)
		return code;
	switch (bundle_parse(file.data, file.len, &bundle)) {
	case BUNDLE_OK:
		code = add_all(program, path, &bundle, files);
		break;
	case BUNDLE_EMPTY:
		code = program_fail(program, EXIT_USAGE,
				    "%s has no certificate and no CRL, PEM or DER", path);
		break;
	case BUNDLE_TOO_MANY:
		code = program_fail(program, EXIT_USAGE,
				    "%s has more than %d certificates and CRLs: take several files",
				    path, BUNDLE_MAX);
		break;
	case BUNDLE_NOMEM:
		code = program_no_memory(program);
		break;
	}
	bundle_free(&bundle);
	input_free(&file);
	return code;
}

static int is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

enum exit_code cert_files_add_folder(const struct program *program, const char *path,
				     struct cert_files *files)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_shown, alphasort);
	enum exit_code code = EXIT_OK;
	char file[PATH_MAX];

	if (count < 0)
		return errno == ENOENT ? EXIT_OK
				       : program_fail(program, EXIT_FAILED, "%s cannot be read: %s",
						      path, strerror(errno));
	for (int i = 0; i < count; i++) {
		if (code == EXIT_OK) {
			snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
			code = cert_files_add(program, file, files);
		}
		free(entries[i]);
	}
	free(entries);
	return code;
}
