#include "key_file.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "x509_facts.h"

#define KEY_FILE_MAX 65536
#define DER_SEQUENCE 0x30

/* Never asks at a terminal: the password is there or it is not. */
static int give_password(char *buf, int size, int is_writing, void *user)
{
	const struct input *password = user;

	(void)is_writing;
	if (!password->data || size < 0 || password->len > (size_t)size)
		return -1;
	memcpy(buf, password->data, password->len);
	return (int)password->len;
}

/* Without encryption: it travels inside of an encrypted channel, and the server has no password. */
static bool to_pem(EVP_PKEY *key, struct input *ret_pem)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	char *bytes = NULL;
	long len = 0;

	if (bio && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1)
		len = BIO_get_mem_data(bio, &bytes);
	if (len > 0) {
		ret_pem->data = calloc(1, (size_t)len + 1);
		if (ret_pem->data) {
			memcpy(ret_pem->data, bytes, (size_t)len);
			ret_pem->len = (size_t)len;
		}
	}
	BIO_free(bio);
	return ret_pem->data != NULL;
}

static EVP_PKEY *read_key(const struct input *file, struct input *password)
{
	BIO *bio = BIO_new_mem_buf(file->data, (int)file->len);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, give_password, password) : NULL;

	BIO_free(bio);
	ERR_clear_error();
	return key;
}

static enum exit_code take_pem(const struct program *program, const struct input *file,
			       struct input *password, struct key_file *ret_key)
{
	const char *path = program_option(program, OPTION_KEY);
	EVP_PKEY *key = read_key(file, password);
	enum exit_code code = EXIT_OK;

	ret_key->format = "PEM";
	if (!key)
		code = program_fail(program, EXIT_USAGE,
				    "%s holds no private key in PEM that %s: give its password by "
				    "--key-password-file, or another file",
				    path,
				    password->data ? "this password opens"
						   : "can be read without a password");
	else if (!to_pem(key, &ret_key->bytes))
		code = program_no_memory(program);
	EVP_PKEY_free(key);
	return code;
}

static enum exit_code take_pfx(const struct program *program, struct input *file,
			       const struct input *password, struct key_file *ret_key)
{
	EVP_PKEY *key = NULL;
	enum exit_code code = EXIT_OK;

	/* As it is where nothing protects it: the server may want what else is in it. */
	if (!password->data) {
		ret_key->format = "PFX";
		ret_key->bytes = *file;
		*file = (struct input){0};
		return EXIT_OK;
	}
	ret_key->format = "PEM";
	key = x509_pfx_key(file->data, file->len, (const char *)password->data);
	if (!key)
		code = program_fail(program, EXIT_USAGE,
				    "%s is no PKCS#12 file with a private key that this password "
				    "opens",
				    program_option(program, OPTION_KEY));
	else if (!to_pem(key, &ret_key->bytes))
		code = program_no_memory(program);
	EVP_PKEY_free(key);
	return code;
}

enum exit_code key_file_read(const struct program *program, struct key_file *ret_key)
{
	struct input file = {0}, password = {0};
	struct key_file key = {0};
	enum exit_code code =
		input_read(program, program_option(program, OPTION_KEY), KEY_FILE_MAX, &file);

	if (code == EXIT_OK && program_has(program, OPTION_KEY_PASSWORD_FILE))
		code = input_password(program, OPTION_KEY_PASSWORD_FILE, "", &password);
	if (code == EXIT_OK)
		code = file.len && file.data[0] == DER_SEQUENCE
			       ? take_pfx(program, &file, &password, &key)
			       : take_pem(program, &file, &password, &key);
	input_free(&file);
	input_free(&password);
	if (code == EXIT_OK)
		*ret_key = key;
	else
		input_free(&key.bytes);
	return code;
}
