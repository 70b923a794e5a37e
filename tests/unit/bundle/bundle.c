#include "bundle.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(bundle, .timeout = 60);

/* "MAA=" is a SEQUENCE with nothing in it: what a block has in it is not looked at. */
#define BLOCK(name) "-----BEGIN " name "-----\nMAA=\n-----END " name "-----\n"

static enum bundle_status parse(const char *text, struct bundle *ret_bundle)
{
	return bundle_parse((const uint8_t *)text, strlen(text), ret_bundle);
}

Test(bundle, has_certificates_and_crls_in_order_and_nothing_else)
{
	static const char text[] =
		"Bag Attributes\n" BLOCK("CERTIFICATE") "subject=CN = a\n" BLOCK("PRIVATE KEY")
			BLOCK("X509 CRL") BLOCK("CERTIFICATE REQUEST") BLOCK("X509 CERTIFICATE");
	struct bundle bundle;

	cr_assert(parse(text, &bundle) == BUNDLE_OK);
	cr_assert(bundle.count == 3);
	for (size_t i = 0; i < bundle.count; i++)
		cr_expect(bundle.lens[i] == 2 && memcmp(bundle.ders[i], "\x30\x00", 2) == 0);
	bundle_free(&bundle);
	cr_expect(bundle.count == 0);
}

Test(bundle, is_the_file_itself_where_that_is_der)
{
	static const uint8_t der[] = {0x30, 0x02, 0x05, 0x00};
	struct bundle bundle;

	cr_assert(bundle_parse(der, sizeof(der), &bundle) == BUNDLE_OK);
	cr_expect(bundle.count == 1 && bundle.ders[0] == der && bundle.lens[0] == sizeof(der));
	bundle_free(&bundle);
}

Test(bundle, is_nothing_without_a_certificate)
{
	static const char *const texts[] = {
		"",
		"hello",
		BLOCK("PRIVATE KEY"),
		"-----BEGIN CERTIFICATE-----\nMAA",
		"-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n",
	};
	struct bundle bundle = {.count = 7};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_expect(parse(texts[i], &bundle) == BUNDLE_EMPTY, "%s", texts[i]);
	cr_expect(bundle.count == 7, "left as it was");
}

Test(bundle, has_a_bound)
{
	static const char block[] = BLOCK("CERTIFICATE");
	char *text = calloc(BUNDLE_MAX + 1, sizeof(block));
	struct bundle bundle;

	for (int i = 0; i < BUNDLE_MAX; i++)
		strcat(text, block);
	cr_assert(parse(text, &bundle) == BUNDLE_OK);
	cr_expect(bundle.count == BUNDLE_MAX);
	bundle_free(&bundle);
	strcat(text, block);
	cr_expect(parse(text, &bundle) == BUNDLE_TOO_MANY);
	free(text);
}
