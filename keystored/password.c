#include "password.h"

#include <crypt.h>
#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define METHOD	   "$y$"
#define SALT_BYTES 16

/* Of a password that nobody knows: its hash was never looked at beyond the salt. */
#define NOBODY                                                                                     \
	"$y$j9T$ZXfPqBGFCTSvm8YtIhGeV/$"                                                           \
	"0000000000000000000000000000000000000000000"

bool password_take(struct password *password, const uint8_t *bytes, size_t len)
{
	if (!len || len > PASSWORD_MAX || memchr(bytes, 0, len))
		return false;
	memset(password, 0, sizeof *password);
	memcpy(password->text, bytes, len);
	return true;
}

void password_wipe(struct password *password)
{
	OPENSSL_cleanse(password, sizeof *password);
}

/* Characters; 0: not UTF-8, or one that no keyboard types. */
static unsigned count_characters(const char *text)
{
	size_t left = strlen(text);
	unsigned count = 0;

	while (left) {
		unsigned long code = 0;
		int len = UTF8_getc((const unsigned char *)text, (int)left, &code);

		if (len <= 0 || code < 0x20 || (code >= 0x7f && code < 0xa0))
			return 0;
		text += len;
		left -= (size_t)len;
		count++;
	}
	return count;
}

bool password_is_good(const struct password *password, const char *name, unsigned min,
		      char why[PASSWORD_WHY_MAX])
{
	unsigned characters = count_characters(password->text);
	const char *text = password->text;

	if (!characters) {
		snprintf(why, PASSWORD_WHY_MAX, "it is UTF-8 text without control characters");
		return false;
	}
	if (characters < min) {
		snprintf(why, PASSWORD_WHY_MAX, "it has at least %u characters", min);
		return false;
	}
	if (strcasecmp(text, name) == 0 || strspn(text, (char[]){*text, 0}) == strlen(text)) {
		snprintf(why, PASSWORD_WHY_MAX,
			 "it is not the user's name, and not one character over and over");
		return false;
	}
	return true;
}

bool password_hash(const struct password *password, char ret_hash[PASSWORD_HASH_MAX])
{
	struct crypt_data *data = calloc(1, sizeof *data);
	char salt[CRYPT_GENSALT_OUTPUT_SIZE];
	char random[SALT_BYTES];
	bool is_done = false;

	if (data && RAND_bytes((unsigned char *)random, sizeof random) == 1 &&
	    crypt_gensalt_rn(METHOD, 0, random, sizeof random, salt, sizeof salt)) {
		const char *hash = crypt_rn(password->text, salt, data, sizeof *data);

		is_done = hash && *hash != '*' && strlen(hash) < PASSWORD_HASH_MAX;
		if (is_done)
			strcpy(ret_hash, hash);
	}
	if (data)
		OPENSSL_cleanse(data, sizeof *data);
	free(data);
	OPENSSL_cleanse(salt, sizeof salt);
	return is_done;
}

bool password_verify(const struct password *password, const char *hash)
{
	struct crypt_data *data = calloc(1, sizeof *data);
	const char *kept = *hash ? hash : NOBODY;
	bool is_right = false;

	if (data) {
		const char *made = crypt_rn(password->text, kept, data, sizeof *data);

		is_right = made && *made != '*' && strlen(made) == strlen(kept) &&
			   CRYPTO_memcmp(made, kept, strlen(kept)) == 0;
		OPENSSL_cleanse(data, sizeof *data);
	}
	free(data);
	return is_right && *hash;
}
