#include "key_export.h"

#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "reference.h"

/* What is written, to be freed by output_free(). */
struct output {
	struct ks_result *result;
	char *pem; /* made here; NULL: the result's data */
};

static void output_free(struct output *output)
{
	ks_result_free(output->result);
	free(output->pem);
}

static enum exit_code fetch_public(struct ctl *ctl, const struct file *password,
				   struct output *output)
{
	(void)password;
	if (ks_key_export_public(ctl->client, ctl->words[0], &output->result) != KS_OK)
		return ctl_fail_result(ctl, output->result);
	return EXIT_OK;
}

static enum exit_code fetch_tss2(struct ctl *ctl, const struct file *password,
				 struct output *output)
{
	if (ks_key_export_tss2(ctl->client, ctl->words[0], password->data, password->len,
			       &output->result) != KS_OK)
		return ctl_fail_result(ctl, output->result);
	return EXIT_OK;
}

static enum exit_code fetch_reference(struct ctl *ctl, const struct file *password,
				      struct output *output)
{
	enum reference_status status;
	const struct ks_key *key;

	(void)password;
	if (ks_key_show(ctl->client, ctl->words[0], &output->result) != KS_OK)
		return ctl_fail_result(ctl, output->result);
	key = &output->result->keys[0];
	status = reference_to_pem(key->id, key->name, key->public_key, key->public_key_len,
				  &output->pem);
	if (status != REFERENCE_OK)
		return ctl_fail(ctl, EXIT_FAILED, "cannot write a reference to key %s: %s",
				ctl->words[0], reference_status_text(status));
	return EXIT_OK;
}

static const struct form {
	enum option option;
	enum output_kind kind;
	bool has_password;
	enum exit_code (*fetch)(struct ctl *ctl, const struct file *password,
				struct output *output);
} forms[] = {
	{OPTION_PUBLIC, OUTPUT_TEXT, false, fetch_public},
	{OPTION_REFERENCE, OUTPUT_TEXT, false, fetch_reference},
	{OPTION_TSS2, OUTPUT_SECRET_TEXT, true, fetch_tss2},
};

/* NULL: none was asked for, or several. */
static const struct form *form_asked(const struct ctl *ctl)
{
	const struct form *asked = NULL;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (!ctl_has(ctl, forms[i].option))
			continue;
		if (asked)
			return NULL;
		asked = &forms[i];
	}
	return asked;
}

static enum exit_code tell(struct ctl *ctl, const char *out, enum output_kind kind,
			   const uint8_t *pem, size_t len)
{
	enum exit_code code = EXIT_OK;

	if (out || !ctl->json)
		code = file_write(ctl, out, kind, pem, len);
	if (code == EXIT_OK && ctl->json)
		code = ctl_print_json(
			ctl, out ? json_pack("{s:o}", "out", json_text(out))
				 : json_pack("{s:o}", "pem", json_stringn((const char *)pem, len)));
	return code;
}

enum exit_code command_key_export(struct ctl *ctl)
{
	const struct form *form = form_asked(ctl);
	const char *out = ctl_option(ctl, OPTION_OUT);
	struct file password = {0};
	struct output output = {0};
	enum exit_code code;

	if (ctl_has(ctl, OPTION_PRIVATE))
		return ctl_fail(ctl, EXIT_UNSUPPORTED,
				"the private key of %s cannot leave the TPM, which is what it is "
				"for: --reference lets OpenSSL's programs use it where it is, "
				"--tss2 writes it wrapped, for this TPM only; another device "
				"makes a key of its own and gets a certificate for that",
				ctl->words[0]);
	if (!form)
		return ctl_fail(ctl, EXIT_USAGE,
				"key export needs one of --public, --reference, --tss2 (a private "
				"key never leaves the TPM in the clear)");
	if (!form->has_password && ctl_has(ctl, OPTION_PASSWORD_FILE))
		return ctl_fail(ctl, EXIT_USAGE, "--password-file goes with --tss2 only");
	code = file_read_password(ctl, TPM_PASSWORD_BYTES_MAX, &password);
	if (code == EXIT_OK)
		code = ctl_connect(ctl);
	if (code == EXIT_OK)
		code = form->fetch(ctl, &password, &output);
	if (code == EXIT_OK)
		code = tell(ctl, out, form->kind,
			    output.pem ? (const uint8_t *)output.pem : output.result->data,
			    output.pem ? strlen(output.pem) : output.result->data_len);
	output_free(&output);
	file_free(&password);
	return code;
}
