/* A CRL from outside: what it says of itself is text and numbers in bounds. */
#include "fuzz.h"

#include <string.h>

#include "x509_crl.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct crl_facts facts;
	struct crl_number next;
	enum crl_status status = crl_read(bytes, len, &facts);
	size_t chars;

	if (status != CRL_OK) {
		fuzz_expect(status == CRL_MALFORMED || status == CRL_TOO_LARGE);
		return 0;
	}
	fuzz_expect(memchr(facts.issuer, '\0', sizeof(facts.issuer)) != NULL);
	fuzz_expect(x509_text_is_utf8(facts.issuer, strlen(facts.issuer), &chars));
	/* An entry takes more than that. */
	fuzz_expect(facts.count <= len / 8);
	if (facts.has_number && crl_number_next(&facts.number, &next))
		fuzz_expect(memcmp(facts.number.octets, next.octets, CRL_NUMBER_LEN) < 0);
	return 0;
}
