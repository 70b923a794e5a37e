/* Certificates and CRLs of a file that a user names. */
#ifndef CTL_BUNDLE_FILE_H
#define CTL_BUNDLE_FILE_H

#include "bundle.h"
#include "ctl.h"
#include "files.h"

struct bundle_file {
	struct file file;
	struct bundle bundle;
};

/* @path as file_read() has it. EXIT_OK, or it was told. */
enum exit_code bundle_file_read(const struct ctl *ctl, const char *path,
				struct bundle_file *ret_file);
void bundle_file_free(struct bundle_file *file);

#endif
