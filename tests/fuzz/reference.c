/* A reference file, as a program finds it on its disk: its PEM, and the DER in there. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "reference.h"

/* What is read can be written, and says the same again. */
static void check(const struct reference *reference)
{
	struct reference again;
	char *pem = NULL;

	fuzz_expect(reference_to_pem(reference->key_id, reference->name, reference->public_key,
				     reference->public_key_len, &pem) == REFERENCE_OK);
	fuzz_expect(reference_from_pem(pem, strlen(pem), &again) == REFERENCE_OK);
	fuzz_expect(again.key_id == reference->key_id && strcmp(again.name, reference->name) == 0 &&
		    again.public_key_len == reference->public_key_len &&
		    memcmp(again.public_key, reference->public_key, again.public_key_len) == 0);
	free(pem);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct reference reference;

	if (reference_from_pem((const char *)bytes, len, &reference) == REFERENCE_OK)
		check(&reference);
	if (reference_from_der(bytes, len, &reference) == REFERENCE_OK)
		check(&reference);
	return 0;
}
