#include "token.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOKEN_BYTES_MAX 64
#define TEXT_BYTES	(2 * TOKEN_BYTES_MAX + 2)

static bool is_ours(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid();
}

/* With sudo these may be another user's. */
static bool find_base(char path[TOKEN_PATH_BYTES], bool makes)
{
	const char *runtime = secure_getenv("XDG_RUNTIME_DIR");
	const char *home = secure_getenv("HOME");

	if (runtime && is_ours(runtime)) {
		snprintf(path, TOKEN_PATH_BYTES, "%s/keystorectl", runtime);
	} else if (home && is_ours(home)) {
		snprintf(path, TOKEN_PATH_BYTES, "%s/.cache", home);
		if (makes)
			(void)mkdir(path, 0700);
		snprintf(path, TOKEN_PATH_BYTES, "%s/.cache/keystorectl", home);
	} else {
		return false;
	}
	if (makes)
		(void)mkdir(path, 0700);
	return is_ours(path);
}

/* One for each socket. False: there is no place. */
static bool find_file(const struct ctl *ctl, char path[TOKEN_PATH_BYTES], bool makes)
{
	const char *socket = ctl_option(ctl, OPTION_SOCKET);
	const char *environment = secure_getenv("KEYSTORE_SOCKET");
	unsigned char digest[32];
	size_t len;

	if (!socket)
		socket = environment ? environment : KS_SOCKET_DEFAULT;
	if (!find_base(path, makes) ||
	    EVP_Digest(socket, strlen(socket), digest, NULL, EVP_sha256(), NULL) != 1)
		return false;
	len = strlen(path);
	if (len + 32 > TOKEN_PATH_BYTES)
		return false;
	path[len++] = '/';
	for (size_t i = 0; i < 8; i++)
		len += (size_t)sprintf(path + len, "%02x", digest[i]);
	strcpy(path + len, ".token");
	return true;
}

/* 0: it is none. */
static size_t parse(const char *text, uint8_t token[TOKEN_BYTES_MAX])
{
	size_t digits = strspn(text, "0123456789abcdefABCDEF");
	size_t len = digits / 2;

	if (digits % 2 || len > TOKEN_BYTES_MAX || text[digits + strspn(text + digits, "\r\n")])
		return 0;
	for (size_t i = 0; i < len; i++) {
		char pair[3] = {text[2 * i], text[2 * i + 1], '\0'};

		token[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return len;
}

/* A file that others could have written or can read is none. */
static bool read_file(const char *path, char text[TEXT_BYTES])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
	struct stat st;
	ssize_t len = -1;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	    !(st.st_mode & 077))
		len = read(fd, text, TEXT_BYTES - 1);
	close(fd);
	text[len < 0 ? 0 : len] = '\0';
	return len > 0;
}

enum exit_code token_load(struct ctl *ctl)
{
	const char *environment = secure_getenv("KEYSTORE_TOKEN");
	char path[TOKEN_PATH_BYTES];
	char text[TEXT_BYTES] = "";
	uint8_t token[TOKEN_BYTES_MAX];
	size_t len = 0;

	if (environment && *environment) {
		len = parse(environment, token);
		if (!len)
			return ctl_fail(ctl, EXIT_USAGE,
					"KEYSTORE_TOKEN is no token: hexadecimal digits");
	} else if (find_file(ctl, path, false) && read_file(path, text)) {
		len = parse(text, token);
	}
	if (len)
		ks_set_token(ctl->client, token, len);
	OPENSSL_cleanse(token, sizeof(token));
	OPENSSL_cleanse(text, sizeof(text));
	return EXIT_OK;
}

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	size_t len = strlen(text);
	bool is_written;

	if (fd < 0)
		return false;
	is_written = write(fd, text, len) == (ssize_t)len;
	return close(fd) == 0 && is_written;
}

enum exit_code token_save(const struct ctl *ctl, const uint8_t *token, size_t len,
			  char path[TOKEN_PATH_BYTES])
{
	enum exit_code code = EXIT_OK;
	char fresh[TOKEN_PATH_BYTES + 16];
	char *digits = hex_text(token, len);

	if (!digits)
		return ctl_fail(ctl, EXIT_FAILED, "out of memory");
	if (!find_file(ctl, path, true)) {
		code = ctl_fail(ctl, EXIT_FAILED,
				"there is no place for the token: set HOME or XDG_RUNTIME_DIR to a "
				"directory of yours");
	} else {
		snprintf(fresh, sizeof(fresh), "%s.%d", path, (int)getpid());
		if (!write_file(fresh, digits) || rename(fresh, path) < 0) {
			code = ctl_fail(ctl, EXIT_FAILED, "%s cannot be written: %s", path,
					strerror(errno));
			(void)unlink(fresh);
		}
	}
	OPENSSL_cleanse(digits, strlen(digits));
	free(digits);
	return code;
}

void token_forget(const struct ctl *ctl)
{
	char path[TOKEN_PATH_BYTES];

	if (find_file(ctl, path, false))
		(void)unlink(path);
}
