/* A private key, PKCS#8, on its way into the TPM. */
#include "fuzz.h"

#include "duplicate.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct duplicate made;

	if (duplicate_read_key(bytes, len, &made) == DUPLICATE_OK) {
		fuzz_expect(made.algorithm > 0 && made.algorithm < TPM_ALGORITHM_COUNT);
		duplicate_forget(&made);
	}
	return 0;
}
