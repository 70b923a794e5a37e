#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_BYTES    65536
#define PASSWORD_SLACK 2 /* CR LF */

static bool is_standard(const char *path)
{
	return !path || strcmp(path, "-") == 0;
}

static const char *shown(const char *path, const char *standard)
{
	return is_standard(path) ? standard : path;
}

static int open_input(const char *path)
{
	return is_standard(path) ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
}

static void close_input(int fd)
{
	if (fd > STDIN_FILENO)
		close(fd);
}

static ssize_t read_some(int fd, void *buf, size_t len)
{
	ssize_t n;

	do
		n = read(fd, buf, len);
	while (n < 0 && errno == EINTR);
	return n;
}

static enum exit_code fail_reading(const struct ctl *ctl, const char *path)
{
	return ctl_fail(ctl, EXIT_FAILED, "%s cannot be read: %s", shown(path, "standard input"),
			strerror(errno));
}

enum exit_code file_read(const struct ctl *ctl, const char *path, size_t max, struct file *ret_file)
{
	struct file file = {.data = malloc(max + 1), .size = max + 1};
	int fd = open_input(path);
	enum exit_code code = EXIT_FAILED;
	ssize_t n = 1;

	if (!file.data) {
		(void)ctl_fail(ctl, EXIT_FAILED, "out of memory");
		goto out;
	}
	while (fd >= 0 && n > 0 && file.len <= max) {
		n = read_some(fd, file.data + file.len, max + 1 - file.len);
		file.len += n > 0 ? (size_t)n : 0;
	}
	if (fd < 0 || n < 0) {
		code = fail_reading(ctl, path);
		goto out;
	}
	if (file.len > max) {
		code = ctl_fail(ctl, EXIT_USAGE, "%s is longer than the %zu bytes it may have",
				shown(path, "standard input"), max);
		goto out;
	}
	*ret_file = file;
	file = (struct file){0};
	code = EXIT_OK;
out:
	close_input(fd);
	file_free(&file);
	return code;
}

void file_free(struct file *file)
{
	if (file->data)
		OPENSSL_cleanse(file->data, file->size);
	free(file->data);
	*file = (struct file){0};
}

/* The file's first line, with a NUL behind it. */
static bool first_line(struct file *file)
{
	const uint8_t *end = memchr(file->data, '\n', file->len);
	struct file line = {.len = end ? (size_t)(end - file->data) : file->len};

	if (end && line.len > 0 && end[-1] == '\r')
		line.len--;
	line.size = line.len + 1;
	line.data = calloc(1, line.size);
	if (!line.data)
		return false;
	memcpy(line.data, file->data, line.len);
	file_free(file);
	*file = line;
	return true;
}

enum exit_code file_read_line(const struct ctl *ctl, const char *path, size_t max,
			      struct file *ret_line)
{
	enum exit_code code = file_read(ctl, path, max + PASSWORD_SLACK, ret_line);

	if (code != EXIT_OK)
		return code;
	if (!first_line(ret_line)) {
		file_free(ret_line);
		return ctl_fail(ctl, EXIT_FAILED, "out of memory");
	}
	if (ret_line->len >= 1 && ret_line->len <= max)
		return EXIT_OK;
	file_free(ret_line);
	return ctl_fail(ctl, EXIT_USAGE, "the password in %s must have 1 to %zu bytes", path, max);
}

enum exit_code file_read_password(const struct ctl *ctl, size_t max, struct file *ret_password)
{
	const char *path = ctl_option(ctl, OPTION_PASSWORD_FILE);

	if (path)
		return file_read_line(ctl, path, max, ret_password);
	*ret_password = (struct file){0};
	return EXIT_OK;
}

static bool digest_stream(int fd, const EVP_MD *md, uint8_t *digest, unsigned *ret_len)
{
	uint8_t *chunk = malloc(CHUNK_BYTES);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool is_ok = chunk && ctx && EVP_DigestInit_ex(ctx, md, NULL);
	ssize_t n = 1;

	errno = ENOMEM;
	while (is_ok && (n = read_some(fd, chunk, CHUNK_BYTES)) > 0)
		is_ok = EVP_DigestUpdate(ctx, chunk, (size_t)n);
	is_ok = is_ok && n == 0 && EVP_DigestFinal_ex(ctx, digest, ret_len);
	EVP_MD_CTX_free(ctx);
	free(chunk);
	return is_ok;
}

enum exit_code file_digest(const struct ctl *ctl, const char *path, enum ks_hash hash,
			   uint8_t digest[DIGEST_BYTES_MAX], size_t *ret_len)
{
	const EVP_MD *md = EVP_get_digestbyname(ks_hash_name(hash));
	int fd = open_input(path);
	unsigned len = 0;
	enum exit_code code = EXIT_OK;

	if (fd < 0 || !md || !digest_stream(fd, md, digest, &len))
		code = fail_reading(ctl, path);
	close_input(fd);
	*ret_len = len;
	return code;
}

enum exit_code file_check_output(const struct ctl *ctl, const char *path, enum output_kind kind)
{
	bool is_binary = kind == OUTPUT_BINARY || kind == OUTPUT_SECRET;

	if (is_binary && is_standard(path) && !ctl->json && isatty(STDOUT_FILENO))
		return ctl_fail(ctl, EXIT_USAGE,
				"the result is binary and no good for a terminal: give --out FILE, "
				"--json, or a pipe");
	return EXIT_OK;
}

static bool write_all(int fd, const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR)
			return false;
		data += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* What isn't a regular file can't be replaced: it is written to. */
static bool write_into(const char *path, const uint8_t *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	bool is_ok = fd >= 0 && write_all(fd, data, len);

	if (fd >= 0 && close(fd) < 0)
		is_ok = false;
	return is_ok;
}

/* A new file takes the place of @path when it is complete and on the disk. */
static bool write_beside(const char *path, mode_t mode, const uint8_t *data, size_t len)
{
	char temporary[PATH_MAX];
	bool is_ok;
	int error;
	int fd;

	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >=
	    sizeof(temporary)) {
		errno = ENAMETOOLONG;
		return false;
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return false;
	is_ok = write_all(fd, data, len) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
	error = errno;
	if (close(fd) < 0 && is_ok) {
		is_ok = false;
		error = errno;
	}
	if (is_ok && rename(temporary, path) == 0)
		return true;
	error = is_ok ? errno : error;
	unlink(temporary);
	errno = error;
	return false;
}

static bool write_path(const char *path, enum output_kind kind, const uint8_t *data, size_t len)
{
	bool is_secret = kind == OUTPUT_SECRET || kind == OUTPUT_SECRET_TEXT;
	mode_t mask = umask(0);
	char target[PATH_MAX];
	struct stat facts;

	umask(mask);
	if (stat(path, &facts) == 0 && !S_ISREG(facts.st_mode))
		return write_into(path, data, len);
	/* A symbolic link stays one: its target is replaced. */
	if (realpath(path, target))
		path = target;
	return write_beside(path, is_secret ? 0600 : 0666 & ~mask, data, len);
}

enum exit_code file_write(const struct ctl *ctl, const char *path, enum output_kind kind,
			  const uint8_t *data, size_t len)
{
	bool is_ok = is_standard(path) ? fflush(stdout) == 0 && write_all(STDOUT_FILENO, data, len)
				       : write_path(path, kind, data, len);

	if (is_ok)
		return EXIT_OK;
	return ctl_fail(ctl, EXIT_FAILED, "%s cannot be written: %s",
			shown(path, "standard output"), strerror(errno));
}
