#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/objects.h>

#include "x509_san.h"

#define OID_MAX 128

static GENERAL_NAMES *built(int type, const char *value)
{
	struct csr_name name = {type, value};
	char error[X509_ERROR_MAX] = "";
	GENERAL_NAMES *names = NULL;

	cr_assert_eq(x509_san_build(&name, 1, error, &names), SAN_OK, "%s", error);
	cr_assert_eq(sk_GENERAL_NAME_num(names), 1);
	return names;
}

static void accept(int type, const char *value)
{
	GENERAL_NAMES_free(built(type, value));
}

static void expect_bytes(int type, const char *value, int tag, const void *bytes, size_t len)
{
	GENERAL_NAMES *names = built(type, value);
	int got_tag;
	const ASN1_STRING *string =
		GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, 0), &got_tag);

	cr_assert_eq(got_tag, tag);
	cr_assert_eq((size_t)ASN1_STRING_length(string), len);
	cr_assert_arr_eq(ASN1_STRING_get0_data(string), bytes, len);
	GENERAL_NAMES_free(names);
}

static void refuse(int type, const char *value, const char *because)
{
	struct csr_name name = {type, value};
	char error[X509_ERROR_MAX] = "";
	GENERAL_NAMES *names = NULL;

	cr_assert_eq(x509_san_build(&name, 1, error, &names), SAN_INVALID, "%s", value);
	cr_assert_null(names);
	cr_assert_eq(strncmp(error, "subject alternative name 1: ", 28), 0, "%s", error);
	cr_assert_not_null(strstr(error, because), "%s", error);
	cr_assert_lt(strlen(error), X509_ERROR_MAX - 1);
}

Test(x509_san, puts_text_names_in_as_they_are)
{
	expect_bytes(SAN_URI, "urn:plc-1:app", GEN_URI, "urn:plc-1:app", 13);
	expect_bytes(SAN_DNS, "plc-1.example", GEN_DNS, "plc-1.example", 13);
	expect_bytes(SAN_EMAIL, "a.b@c.example", GEN_EMAIL, "a.b@c.example", 13);
}

Test(x509_san, puts_addresses_in_as_4_or_16_bytes)
{
	static const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
	static const uint8_t v4[4] = {192, 0, 2, 1};

	expect_bytes(SAN_IP, "192.0.2.1", GEN_IPADD, v4, 4);
	expect_bytes(SAN_IP, "2001:db8::1", GEN_IPADD, v6, 16);
}

Test(x509_san, puts_registered_ids_in_as_object_identifiers)
{
	GENERAL_NAMES *names = built(SAN_RID, "1.3.6.1.4.1.99999");
	char text[64];
	int tag;
	const ASN1_OBJECT *object = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, 0), &tag);

	cr_assert_eq(tag, GEN_RID);
	OBJ_obj2txt(text, sizeof(text), object, 1);
	cr_assert_str_eq(text, "1.3.6.1.4.1.99999");
	GENERAL_NAMES_free(names);
}

Test(x509_san, takes_and_refuses_uris)
{
	accept(SAN_URI, "opc.tcp://plc-1.example:4840/path?a=b#c");
	accept(SAN_URI, "https://user@[2001:db8::1]:443/%20");
	accept(SAN_URI, "urn:a:b:c%2Fd");
	refuse(SAN_URI, "plc-1", "has no scheme");
	refuse(SAN_URI, "plc-1/x:y", "has no scheme");
	refuse(SAN_URI, "1a:b", "has no scheme");
	refuse(SAN_URI, ":a", "has no scheme");
	refuse(SAN_URI, "urn:", "nothing after its scheme");
	refuse(SAN_URI, "urn:a b", "a space as %20");
	refuse(SAN_URI, "urn:a\nb", "not for URIs");
	refuse(SAN_URI, "urn:K\xc3\xb6ln", "not for URIs");
	refuse(SAN_URI, "urn:a<b", "not for URIs");
	refuse(SAN_URI, "urn:a%2", "%25");
	refuse(SAN_URI, "urn:a%zz", "%25");
	refuse(SAN_URI, "urn:a#b#c", "more than one #");
	refuse(SAN_URI, "https:///path", "no host");
	refuse(SAN_URI, "https://:443", "no host");
	refuse(SAN_URI, "https://user@/", "no host");
}

Test(x509_san, takes_and_refuses_addresses)
{
	accept(SAN_IP, "::ffff:192.0.2.1");
	refuse(SAN_IP, "192.0.2.256", "is not an address");
	refuse(SAN_IP, "192.0.2", "is not an address");
	refuse(SAN_IP, "192.0.2.1 ", "is not an address");
	refuse(SAN_IP, "plc-1", "is not an address");
	refuse(SAN_IP, "192.0.2.0/24", "is a network");
	refuse(SAN_IP, "fe80::1%eth0", "has a zone");
}

Test(x509_san, takes_and_refuses_hosts)
{
	char label[70] = "";
	char host[300] = "";

	accept(SAN_DNS, "plc-1");
	accept(SAN_DNS, "1.a-b.EXAMPLE");
	accept(SAN_DNS, "*.plant.example");
	accept(SAN_DNS, "xn--kln-sna.example");
	refuse(SAN_DNS, "*", "wildcard");
	refuse(SAN_DNS, "a.*.example", "wildcard");
	refuse(SAN_DNS, "a*.example", "wildcard");
	refuse(SAN_DNS, "*.*.example", "wildcard");
	refuse(SAN_DNS, "*.", "empty label");
	refuse(SAN_DNS, "a..b", "empty label");
	refuse(SAN_DNS, ".a", "empty label");
	refuse(SAN_DNS, "a.", "empty label");
	refuse(SAN_DNS, "-a", "hyphen");
	refuse(SAN_DNS, "a-.b", "hyphen");
	refuse(SAN_DNS, "a_b", "letters, digits");
	refuse(SAN_DNS, "a b", "letters, digits");
	refuse(SAN_DNS, "k\xc3\xb6ln.example", "A-label");
	refuse(SAN_DNS, "192.0.2.1", "is an address");
	refuse(SAN_DNS, "*.192.0.2.1", "is an address");

	memset(label, 'a', 63);
	accept(SAN_DNS, label);
	for (unsigned i = 0; i < 3; i++) {
		strcat(host, label);
		strcat(host, ".");
	}
	label[61] = '\0';
	strcat(host, label);
	cr_assert_eq(strlen(host), 253);
	accept(SAN_DNS, host);
	strcat(host, "b");
	refuse(SAN_DNS, host, "253");
	memset(label, 'a', 64);
	refuse(SAN_DNS, label, "63");
}

Test(x509_san, takes_and_refuses_mail_addresses)
{
	accept(SAN_EMAIL, "o'neil+plc@plant.example");
	refuse(SAN_EMAIL, "a", "name@domain");
	refuse(SAN_EMAIL, "@b", "name@domain");
	refuse(SAN_EMAIL, "a@", "name@domain");
	refuse(SAN_EMAIL, "a@b@c", "letters, digits");
	refuse(SAN_EMAIL, "a b@c", "before its @");
	refuse(SAN_EMAIL, "\xc3\xa4@c", "before its @");
	refuse(SAN_EMAIL, ".a@c", "dot");
	refuse(SAN_EMAIL, "a.@c", "dot");
	refuse(SAN_EMAIL, "a..b@c", "dot");
	refuse(SAN_EMAIL, "a@*.c", "wildcard");
	refuse(SAN_EMAIL, "a@192.0.2.1", "is an address");
	refuse(SAN_EMAIL, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b",
	       "5321");
}

Test(x509_san, takes_and_refuses_registered_ids)
{
	accept(SAN_RID, "0.9.2342");
	accept(SAN_RID, "2.999.1");
	accept(SAN_RID, "1.3.6.1.4.1.340282366920938463463374607431768211456");
	refuse(SAN_RID, "1", "object identifier");
	refuse(SAN_RID, "3.1", "object identifier");
	refuse(SAN_RID, "1.40", "object identifier");
	refuse(SAN_RID, "1.3.", "object identifier");
	refuse(SAN_RID, "1..3", "object identifier");
	refuse(SAN_RID, "1.03", "object identifier");
	refuse(SAN_RID, "1.3 ", "object identifier");
	refuse(SAN_RID, "commonName", "object identifier");
	refuse(SAN_RID, "1.3.0x2", "object identifier");
}

Test(x509_san, puts_other_names_in_with_their_type)
{
	GENERAL_NAMES *names = built(SAN_OTHER, "1.3.6.1.4.1.311.20.2.3;K\xc3\xb6ln;a@b");
	ASN1_OBJECT *type;
	ASN1_TYPE *value;
	char text[64];

	cr_assert(GENERAL_NAME_get0_otherName(sk_GENERAL_NAME_value(names, 0), &type, &value));
	OBJ_obj2txt(text, sizeof(text), type, 1);
	cr_assert_str_eq(text, "1.3.6.1.4.1.311.20.2.3");
	cr_assert_eq(value->type, V_ASN1_UTF8STRING);
	cr_assert_eq(ASN1_STRING_length(value->value.utf8string), 9);
	cr_assert_arr_eq(ASN1_STRING_get0_data(value->value.utf8string), "K\xc3\xb6ln;a@b", 9);
	GENERAL_NAMES_free(names);
}

Test(x509_san, takes_and_refuses_other_names)
{
	char text[SAN_OTHER_MAX + 8] = "1.2.3;";
	char oid[OID_MAX + 8] = "1.2.3";

	accept(SAN_OTHER, "1.2.3; ");
	refuse(SAN_OTHER, "anna@plant", "object identifier");
	refuse(SAN_OTHER, "1.2.3", "semicolon");
	refuse(SAN_OTHER, ";anna", "object identifier");
	refuse(SAN_OTHER, "1;anna", "object identifier");
	refuse(SAN_OTHER, "3.1;anna", "object identifier");
	refuse(SAN_OTHER, "1.02;anna", "object identifier");
	refuse(SAN_OTHER, "1.2.;anna", "object identifier");
	refuse(SAN_OTHER, "1.2 ;anna", "object identifier");
	refuse(SAN_OTHER, "msUPN;anna", "object identifier");
	refuse(SAN_OTHER, "1.2.3;", "no text");
	refuse(SAN_OTHER, "1.2.3;a\nb", "control character");
	refuse(SAN_OTHER, "1.2.3;a\x7f", "control character");
	refuse(SAN_OTHER, "1.2.3;\xff", "UTF-8");
	refuse(SAN_OTHER, "1.3.6.1.5.5.7.8.4;serial", "not a UTF8String");
	refuse(SAN_OTHER, "1.3.6.1.5.5.7.8.7;_ssh.host", "not a UTF8String");

	memset(text + 6, 'a', SAN_OTHER_MAX);
	accept(SAN_OTHER, text);
	text[6 + SAN_OTHER_MAX] = 'a';
	refuse(SAN_OTHER, text, "256 bytes");
	for (size_t i = strlen(oid); i < OID_MAX - 1; i += 2)
		memcpy(oid + i, ".1", 3);
	cr_assert_eq(strlen(oid), OID_MAX - 1);
	strcat(oid, "1;a");
	accept(SAN_OTHER, oid);
	memcpy(oid + OID_MAX, "1;a", 4);
	refuse(SAN_OTHER, oid, "128 characters");
}

Test(x509_san, refuses_unknown_kinds_and_empty_values)
{
	refuse(0, "a", "kind is unknown");
	refuse(7, "a", "kind is unknown");
	refuse(-1, "a", "kind is unknown");
	refuse(SAN_DNS, "", "DNS is empty");
	refuse(SAN_DNS, NULL, "DNS is empty");
}

Test(x509_san, names_the_one_that_is_wrong)
{
	struct csr_name names[] = {{SAN_DNS, "a"}, {SAN_IP, "b"}};
	char error[X509_ERROR_MAX];
	GENERAL_NAMES *list = NULL;

	cr_assert_eq(x509_san_build(names, 2, error, &list), SAN_INVALID);
	cr_assert_eq(strncmp(error, "subject alternative name 2: IP \"b\" ", 35), 0, "%s", error);
}

Test(x509_san, takes_its_maximum_of_names_and_bytes_and_no_more)
{
	static char text[X509_TEXT_MAX + 2];
	static struct csr_name names[SAN_NAMES_MAX + 1];
	char error[X509_ERROR_MAX];
	GENERAL_NAMES *list = NULL;

	memset(text, 'a', X509_TEXT_MAX);
	memcpy(text, "urn:", 4);
	for (size_t i = 0; i < SAN_NAMES_MAX + 1; i++)
		names[i] = (struct csr_name){SAN_URI, text};

	cr_assert_eq(x509_san_build(names, SAN_NAMES_MAX + 1, error, &list), SAN_INVALID);
	cr_assert_not_null(strstr(error, "257"));
	cr_assert_eq(x509_san_build(names, SAN_NAMES_MAX, error, &list), SAN_OK);
	cr_assert_eq(sk_GENERAL_NAME_num(list), SAN_NAMES_MAX);
	GENERAL_NAMES_free(list);
	text[X509_TEXT_MAX] = 'a';
	refuse(SAN_URI, text, "1025 bytes");
}
