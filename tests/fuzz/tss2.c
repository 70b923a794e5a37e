/* A key file that somebody imports: PEM, or the DER inside. */
#include "fuzz.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "key.h"

static void der_take(const uint8_t *der, size_t len)
{
	struct tpm_key *key = tpm_key_new(1, der, len, NULL, 0, 0);
	const uint8_t *spki;
	size_t spki_len;

	if (!key)
		return;
	fuzz_expect(tpm_key_algorithm(key) > 0 && tpm_key_algorithm(key) < TPM_ALGORITHM_COUNT);
	spki = tpm_key_spki(key, &spki_len);
	fuzz_expect(spki && spki_len > 0 && tpm_key_public(key));
	fuzz_expect(tpm_key_name(key)->len <= sizeof(tpm_key_name(key)->bytes));
	tpm_key_unref(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	uint8_t *der = NULL;
	size_t der_len = 0;

	der_take(bytes, len);
	if (tpm_key_pem_decode(bytes, len, &der, &der_len)) {
		fuzz_expect(der_len <= TPM_KEY_DER_MAX);
		der_take(der, der_len);
		OPENSSL_cleanse(der, der_len);
		free(der);
	}
	return 0;
}
