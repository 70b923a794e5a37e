#include "bundle_file.h"

#define FILE_MAX (4 * 1024 * 1024)

enum exit_code bundle_file_read(const struct ctl *ctl, const char *path,
				struct bundle_file *ret_file)
{
	struct bundle_file file = {0};
	enum exit_code code = file_read(ctl, path, FILE_MAX, &file.file);

	if (code != EXIT_OK)
		return code;
	switch (bundle_parse(file.file.data, file.file.len, &file.bundle)) {
	case BUNDLE_OK:
		*ret_file = file;
		return EXIT_OK;
	case BUNDLE_EMPTY:
		code = ctl_fail(ctl, EXIT_USAGE, "%s has no certificate and no CRL, PEM or DER",
				path);
		break;
	case BUNDLE_TOO_MANY:
		code = ctl_fail(ctl, EXIT_USAGE,
				"%s has more than %d certificates and CRLs: take several files",
				path, BUNDLE_MAX);
		break;
	case BUNDLE_NOMEM:
		code = ctl_fail(ctl, EXIT_FAILED, "out of memory");
		break;
	}
	file_free(&file.file);
	return code;
}

void bundle_file_free(struct bundle_file *file)
{
	bundle_free(&file->bundle);
	file_free(&file->file);
}
