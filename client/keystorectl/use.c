#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "files.h"
#include "json_pem.h"
#include "san.h"

#define CIPHERTEXT_BYTES_MAX 1024 /* RSA-4096 has 512 */

/*
 * Writes a result's data to --out or standard output, or into @object as @field. Frees the
 * result, and takes @object.
 */
static enum exit_code finish_data(struct ctl *ctl, struct ks_result *result, enum output_kind kind,
				  json_t *object, const char *field)
{
	const char *out = ctl_option(ctl, OPTION_OUT);
	enum exit_code code = EXIT_OK;
	char *text = NULL;

	if (result->status != KS_OK)
		code = ctl_fail_result(ctl, result);
	else if (out || !ctl->json)
		code = file_write(ctl, out, kind, result->data, result->data_len);
	if (code != EXIT_OK || !ctl->json)
		goto out;
	text = base64_text(result->data, result->data_len);
	json_add(&object, "bytes", json_integer((json_int_t)result->data_len));
	if (out)
		json_add(&object, "out", json_text(out));
	else
		json_add(&object, field, text ? json_string(text) : NULL);
	code = ctl_print_json(ctl, object);
	object = NULL;
out:
	if (text)
		OPENSSL_cleanse(text, strlen(text));
	free(text);
	json_decref(object);
	ks_result_free(result);
	return code;
}

static enum exit_code read_digest(struct ctl *ctl, enum ks_hash hash,
				  uint8_t digest[DIGEST_BYTES_MAX], size_t *ret_len)
{
	const EVP_MD *md = EVP_get_digestbyname(ks_hash_name(hash));
	size_t wanted = md ? (size_t)EVP_MD_get_size(md) : 0;
	struct file file = {0};
	enum exit_code code;

	if (!ctl_has(ctl, OPTION_DIGEST))
		return file_digest(ctl, ctl_option(ctl, OPTION_IN), hash, digest, ret_len);
	code = file_read(ctl, ctl_option(ctl, OPTION_IN), CIPHERTEXT_BYTES_MAX, &file);
	if (code != EXIT_OK)
		return code;
	if (file.len != wanted)
		code = ctl_fail(ctl, EXIT_USAGE,
				"--digest: the input has %zu bytes, a %s digest has %zu (raw, not "
				"hexadecimal)",
				file.len, ks_hash_name(hash), wanted);
	else
		memcpy(digest, file.data, file.len);
	*ret_len = file.len;
	file_free(&file);
	return code;
}

static enum exit_code command_sign(struct ctl *ctl)
{
	struct ks_result *result = NULL;
	uint8_t digest[DIGEST_BYTES_MAX];
	enum ks_padding padding;
	enum exit_code code;
	enum ks_hash hash;
	size_t len = 0;

	if (!ctl_hash(ctl, &hash) || !ctl_padding(ctl, &padding))
		return EXIT_USAGE;
	code = file_check_output(ctl, ctl_option(ctl, OPTION_OUT), OUTPUT_BINARY);
	if (code == EXIT_OK)
		code = read_digest(ctl, hash, digest, &len);
	if (code == EXIT_OK)
		code = ctl_connect(ctl);
	if (code != EXIT_OK)
		return code;
	(void)ks_sign(ctl->client, ctl->words[0], hash, padding, digest, len, &result);
	return finish_data(ctl, result, OUTPUT_BINARY,
			   json_pack("{s:o, s:s}", "key", json_text(ctl->words[0]), "hash",
				     ks_hash_name(hash)),
			   "signature");
}

/* How it was encrypted: OAEP with *ret_hash, or PKCS#1 v1.5. False: told. */
static bool take_encryption(const struct ctl *ctl, enum ks_hash *ret_hash, bool *ret_is_pkcs1)
{
	enum ks_padding padding = KS_PADDING_DEFAULT;

	if (!ctl_hash(ctl, ret_hash) || !ctl_padding(ctl, &padding))
		return false;
	if (padding == KS_PADDING_PSS || (padding && ctl_has(ctl, OPTION_HASH)))
		(void)ctl_fail(ctl, EXIT_USAGE,
			       "--padding %s: pkcs1, which takes no --hash, or left out for OAEP",
			       ctl_option(ctl, OPTION_PADDING));
	else if (!padding && *ret_hash != KS_HASH_SHA1 && *ret_hash != KS_HASH_SHA256)
		(void)ctl_fail(ctl, EXIT_USAGE, "--hash %s: OAEP takes sha1 or sha256 here",
			       ks_hash_name(*ret_hash));
	else
		goto good;
	return false;
good:
	*ret_is_pkcs1 = padding == KS_PADDING_PKCS1;
	return true;
}

static json_t *describe_decrypted(const struct ctl *ctl, enum ks_hash hash, bool is_pkcs1)
{
	if (is_pkcs1)
		return json_pack("{s:o, s:s}", "key", json_text(ctl->words[0]), "padding", "pkcs1");
	return json_pack("{s:o, s:s}", "key", json_text(ctl->words[0]), "hash", ks_hash_name(hash));
}

static enum exit_code command_decrypt(struct ctl *ctl)
{
	struct ks_result *result = NULL;
	struct file ciphertext = {0};
	bool is_pkcs1 = false;
	enum exit_code code;
	enum ks_hash hash;

	if (!take_encryption(ctl, &hash, &is_pkcs1))
		return EXIT_USAGE;
	code = file_check_output(ctl, ctl_option(ctl, OPTION_OUT), OUTPUT_SECRET);
	if (code == EXIT_OK)
		code = file_read(ctl, ctl_option(ctl, OPTION_IN), CIPHERTEXT_BYTES_MAX,
				 &ciphertext);
	if (code == EXIT_OK)
		code = ctl_connect(ctl);
	if (code == EXIT_OK) {
		if (is_pkcs1)
			(void)ks_decrypt_pkcs1(ctl->client, ctl->words[0], ciphertext.data,
					       ciphertext.len, &result);
		else
			(void)ks_decrypt(ctl->client, ctl->words[0], hash, ciphertext.data,
					 ciphertext.len, &result);
		code = finish_data(ctl, result, OUTPUT_SECRET,
				   describe_decrypted(ctl, hash, is_pkcs1), "plaintext");
	}
	file_free(&ciphertext);
	return code;
}

/* The data of a good result as hexadecimal digits and a newline. */
static enum exit_code finish_hex(struct ctl *ctl, struct ks_result *result)
{
	char *text = hex_text(result->data, result->data_len);
	size_t len = 2 * result->data_len;
	enum exit_code code;

	if (!text) {
		code = ctl_fail(ctl, EXIT_FAILED, "out of memory");
	} else if (ctl->json && !ctl_has(ctl, OPTION_OUT)) {
		code = ctl_print_json(ctl, json_pack("{s:I, s:s}", "bytes",
						     (json_int_t)result->data_len, "hex", text));
	} else {
		text[len] = '\n';
		code = file_write(ctl, ctl_option(ctl, OPTION_OUT), OUTPUT_SECRET_TEXT,
				  (const uint8_t *)text, len + 1);
		if (code == EXIT_OK && ctl->json)
			code = ctl_print_json(
				ctl, json_pack("{s:I, s:o}", "bytes", (json_int_t)result->data_len,
					       "out", json_text(ctl_option(ctl, OPTION_OUT))));
	}
	if (text)
		OPENSSL_cleanse(text, len);
	free(text);
	ks_result_free(result);
	return code;
}

static enum exit_code command_random(struct ctl *ctl)
{
	bool is_hex = ctl_has(ctl, OPTION_HEX);
	enum output_kind kind = is_hex ? OUTPUT_SECRET_TEXT : OUTPUT_SECRET;
	struct ks_result *result = NULL;
	enum exit_code code;
	uint32_t bytes;

	if (!parse_number(ctl->words[0], &bytes) || bytes == 0)
		return ctl_fail(ctl, EXIT_USAGE, "%s is no number of bytes", ctl->words[0]);
	code = file_check_output(ctl, ctl_option(ctl, OPTION_OUT), kind);
	if (code == EXIT_OK)
		code = ctl_connect(ctl);
	if (code != EXIT_OK)
		return code;
	if (ks_random(ctl->client, bytes, &result) == KS_OK && is_hex)
		return finish_hex(ctl, result);
	return finish_data(ctl, result, kind, json_object(), "random");
}

static enum exit_code finish_pem(struct ctl *ctl, struct ks_result *result)
{
	const char *out = ctl_option(ctl, OPTION_OUT);
	char *pem = pem_text(PEM_STRING_X509_REQ, result->data, result->data_len);
	enum exit_code code = EXIT_OK;

	if (!pem)
		code = ctl_fail(ctl, EXIT_FAILED, "out of memory");
	else if (out || !ctl->json)
		code = file_write(ctl, out, OUTPUT_TEXT, (const uint8_t *)pem, strlen(pem));
	if (code == EXIT_OK && ctl->json)
		code = ctl_print_json(ctl, out ? json_pack("{s:o}", "out", json_text(out))
					       : json_pack("{s:s}", "csr", pem));
	free(pem);
	ks_result_free(result);
	return code;
}

static enum exit_code command_csr(struct ctl *ctl)
{
	const char *list = ctl_option(ctl, OPTION_SAN);
	bool is_der = ctl_has(ctl, OPTION_DER);
	struct ks_csr csr = {.subject = ctl_option(ctl, OPTION_SUBJECT)};
	struct ks_result *result = NULL;
	char problem[PROBLEM_BYTES];
	struct san san = {0};
	enum exit_code code;

	if (!ctl_hash(ctl, &csr.hash) || !ctl_padding(ctl, &csr.padding))
		return EXIT_USAGE;
	if (list && !san_parse(list, &san, problem, sizeof(problem)))
		return ctl_fail(ctl, EXIT_USAGE, "%s", problem);
	csr.names = san.names;
	csr.name_count = san.count;
	code = is_der ? file_check_output(ctl, ctl_option(ctl, OPTION_OUT), OUTPUT_BINARY)
		      : EXIT_OK;
	if (code == EXIT_OK)
		code = ctl_connect(ctl);
	if (code != EXIT_OK)
		goto out;
	if (ks_csr(ctl->client, ctl->words[0], &csr, &result) == KS_OK && !is_der)
		code = finish_pem(ctl, result);
	else
		code = finish_data(ctl, result, OUTPUT_BINARY, json_object(), "csr_der");
out:
	san_free(&san);
	return code;
}

static const struct option_text decrypt_texts[] = {
	{OPTION_PADDING, "NAME", "pkcs1: not OAEP, but PKCS#1 v1.5"},
	{0},
};

const struct command commands_use[] = {
	{
		.name = "csr",
		.words = "NAME",
		.word_count = 1,
		.options = HAS(SUBJECT) | HAS(SAN) | HAS(HASH) | HAS(PADDING) | HAS(DER) | HAS(OUT),
		.needs = HAS(SUBJECT),
		.summary = "write a certificate signing request",
		.help = "Prefixes of --san: URI:, IP:, DNS:, email:, RID:, other:. After other:\n"
			"stand a type's number, a semicolon and a text. A backslash before a\n"
			"comma makes it part of the name.",
		.run = command_csr,
	},
	{
		.name = "sign",
		.words = "NAME",
		.word_count = 1,
		.options = HAS(HASH) | HAS(PADDING) | HAS(DIGEST) | HAS(IN) | HAS(OUT),
		.summary = "sign a file or standard input",
		.help = "The input is hashed here, and the digest goes to the TPM.",
		.run = command_sign,
	},
	{
		.name = "decrypt",
		.words = "NAME",
		.word_count = 1,
		.options = HAS(HASH) | HAS(PADDING) | HAS(IN) | HAS(OUT),
		.texts = decrypt_texts,
		.summary = "decrypt RSA-OAEP",
		.help = "With --padding pkcs1 PKCS#1 v1.5, where keystored.conf allows it.",
		.run = command_decrypt,
	},
	{
		.name = "random",
		.words = "BYTES",
		.word_count = 1,
		.options = HAS(HEX) | HAS(OUT),
		.summary = "random bytes of the TPM",
		.run = command_random,
	},
	{.name = NULL},
};
