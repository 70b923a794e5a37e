/* A file with certificates and CRLs, as somebody uploads it or names it to keystorectl. */
#include "fuzz.h"

#include "bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct bundle bundle;

	if (bundle_parse(bytes, len, &bundle) != BUNDLE_OK)
		return 0;
	fuzz_expect(bundle.count >= 1 && bundle.count <= BUNDLE_MAX);
	for (size_t i = 0; i < bundle.count; i++) {
		volatile uint8_t ends = 0;

		/* All of it can be read, as whoever sends it on will. */
		if (bundle.lens[i])
			ends = (uint8_t)(bundle.ders[i][0] ^ bundle.ders[i][bundle.lens[i] - 1]);
		(void)ends;
	}
	bundle_free(&bundle);
	return 0;
}
