/* A trust list as a client writes it, and what is looked for in its certificates and CRLs. */
#include "fuzz.h"

#include <string.h>

#include "push_der.h"
#include "push_trust_data.h"

static void expect_within(struct push_der_name name, const uint8_t *bytes, size_t len)
{
	if (name.der)
		fuzz_expect(name.der >= bytes && name.len <= len &&
			    (size_t)(name.der - bytes) <= len - name.len);
}

static void look_at(const uint8_t *der, size_t len)
{
	struct push_der_name issuer = {0}, subject = {0};

	if (push_der_cert(der, len, &issuer, &subject)) {
		expect_within(issuer, der, len);
		expect_within(subject, der, len);
		fuzz_expect(push_der_same(issuer, issuer));
	}
	issuer = (struct push_der_name){0};
	if (push_der_crl(der, len, &issuer))
		expect_within(issuer, der, len);
	fuzz_expect(push_der_element(der, len) <= len);
}

/* What was read is what it is written as, where nothing was left out. */
static void write_again(unsigned lists, const struct push_trust_item *items, size_t count)
{
	size_t len = push_trust_encode(lists, items, count, NULL);
	uint8_t *bytes = malloc(len);
	struct push_trust_item *again;
	unsigned lists_again;
	size_t count_again;

	fuzz_expect(bytes && push_trust_encode(lists, items, count, bytes) == len);
	fuzz_expect(push_trust_decode(bytes, len, &lists_again, &again, &count_again) ==
		    PUSH_TRUST_OK);
	fuzz_expect(lists_again == lists && count_again == count);
	for (size_t i = 0; i < count; i++)
		fuzz_expect(again[i].len == items[i].len && again[i].list == items[i].list &&
			    memcmp(again[i].der, items[i].der, items[i].len) == 0);
	free(again);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct push_trust_item *items;
	unsigned lists;
	size_t count;

	look_at(bytes, len);
	if (push_trust_decode(bytes, len, &lists, &items, &count) != PUSH_TRUST_OK)
		return 0;
	for (size_t i = 0; i < count; i++)
		look_at(items[i].der, items[i].len);
	write_again(lists, items, count);
	free(items);
	return 0;
}
