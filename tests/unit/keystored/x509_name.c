#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/x509.h>

#include "x509_name.h"

/* The name as OpenSSL shows it, with the type of each string: "CN=UTF8STRING:plc-1,…". */
static void expect(const char *text, const char *wanted)
{
	unsigned long flags = XN_FLAG_SEP_COMMA_PLUS | XN_FLAG_FN_SN | ASN1_STRFLGS_SHOW_TYPE |
			      ASN1_STRFLGS_ESC_CTRL | ASN1_STRFLGS_UTF8_CONVERT;
	char error[X509_ERROR_MAX] = "";
	X509_NAME *name = NULL;
	BIO *out = BIO_new(BIO_s_mem());
	char *got;
	long len;

	cr_assert_eq(x509_name_parse(text, error, &name), NAME_OK, "%s: %s", text, error);
	X509_NAME_print_ex(out, name, 0, flags);
	len = BIO_get_mem_data(out, &got);
	cr_assert_eq((size_t)len, strlen(wanted), "%.*s", (int)len, got);
	if (len)
		cr_assert_arr_eq(got, wanted, (size_t)len, "%.*s", (int)len, got);
	BIO_free(out);
	X509_NAME_free(name);
}

static void refuse(const char *text, const char *because)
{
	char error[X509_ERROR_MAX] = "";
	X509_NAME *name = NULL;

	cr_assert_eq(x509_name_parse(text, error, &name), NAME_INVALID, "%s", text);
	cr_assert_null(name);
	cr_assert_eq(strncmp(error, "subject: ", 9), 0, "%s", error);
	cr_assert_not_null(strstr(error, because), "%s", error);
	cr_assert_lt(strlen(error), X509_ERROR_MAX - 1, "%s", error);
}

Test(x509_name, keeps_the_order_that_was_written)
{
	expect("CN=plc-1,O=Plant,C=DE",
	       "CN=UTF8STRING:plc-1,O=UTF8STRING:Plant,C=PRINTABLESTRING:DE");
	expect("C=DE,O=Plant,CN=plc-1",
	       "C=PRINTABLESTRING:DE,O=UTF8STRING:Plant,CN=UTF8STRING:plc-1");
}

Test(x509_name, knows_every_attribute)
{
	expect("OU=a,L=b,ST=c,street=d,DC=plant,DC=example,title=e",
	       "OU=UTF8STRING:a,L=UTF8STRING:b,ST=UTF8STRING:c,street=UTF8STRING:d,"
	       "DC=IA5STRING:plant,DC=IA5STRING:example,title=UTF8STRING:e");
	expect("emailAddress=a@b.example,serialNumber=S C-1,GN=f,SN=g,UID=h",
	       "emailAddress=IA5STRING:a@b.example,serialNumber=PRINTABLESTRING:S C-1,"
	       "GN=UTF8STRING:f,SN=UTF8STRING:g,UID=UTF8STRING:h");
	expect("name=a,initials=b,generationQualifier=c,dnQualifier=d,pseudonym=e",
	       "name=UTF8STRING:a,initials=UTF8STRING:b,generationQualifier=UTF8STRING:c,"
	       "dnQualifier=PRINTABLESTRING:d,pseudonym=UTF8STRING:e");
}

Test(x509_name, takes_attribute_names_in_any_case)
{
	expect("cn=a,EMAILADDRESS=a@b,Dc=x", "CN=UTF8STRING:a,emailAddress=IA5STRING:a@b,"
					     "DC=IA5STRING:x");
}

Test(x509_name, does_not_count_spaces_around_separators)
{
	expect("  CN = plc 1 , O =  Plant  ", "CN=UTF8STRING:plc 1,O=UTF8STRING:Plant");
	expect("CN=\\ a\\ ,O=b\\20 ", "CN=UTF8STRING: a ,O=UTF8STRING:b ");
}

Test(x509_name, takes_escaped_characters_and_bytes)
{
	expect("CN=a\\,b\\+c\\\"d\\\\e\\<f\\>g\\;h\\=i\\#j",
	       "CN=UTF8STRING:a,b+c\"d\\\\e<f>g;h=i#j");
	expect("CN=\\23x,O=K\\C3\\b6ln", "CN=UTF8STRING:#x,O=UTF8STRING:K\xc3\xb6ln");
	expect("CN=a=b#c,O=\xe5\xb7\xa5\xe5\x8e\x82",
	       "CN=UTF8STRING:a=b#c,O=UTF8STRING:\xe5\xb7\xa5\xe5\x8e\x82");
}

Test(x509_name, may_be_empty)
{
	expect("", "");
	expect("   ", "");
}

Test(x509_name, says_which_part_is_not_an_attribute)
{
	refuse("plc-1", "\"plc-1\" has no =");
	refuse("CN=a,b,O=c", "\"b\" has no =");
	refuse("CN=a,,O=c", "\"\" has no =");
	refuse("CN=a,", "nothing follows the last comma");
	refuse("CN=a, ", "nothing follows the last comma");
	refuse("=a", "\"\" is not an attribute");
	refuse("X=a", "\"X\" is not an attribute");
	refuse("2.5.4.3=a", "\"2.5.4.3\" is not an attribute");
	refuse("/CN=a", "\"/CN\" is not an attribute");
}

Test(x509_name, refuses_what_another_parser_would_split_differently)
{
	refuse("CN=a+O=b", "+ in the value of CN needs a backslash");
	refuse("CN=\"a\"", "\" in the value of CN needs a backslash");
	refuse("CN=a;O=b", "; in the value of CN needs a backslash");
	refuse("CN=#0c0161", "begins with #");
	refuse("CN=a\\", "backslash in the value of CN");
	refuse("CN=a\\x", "backslash in the value of CN");
	refuse("CN=a\\4", "backslash in the value of CN");
	refuse("CN=a\\4g", "backslash in the value of CN");
}

Test(x509_name, refuses_bytes_that_are_no_text)
{
	refuse("CN=a\\00b", "CN=a?b is not UTF-8");
	refuse("CN=a\nb", "control characters");
	refuse("CN=\\ff", "is not UTF-8");
	refuse("CN=\\c3,O=\\a4", "CN=? is not UTF-8");
	refuse("CN=\\ed\\a0\\80", "is not UTF-8");
}

Test(x509_name, holds_values_to_their_bounds)
{
	char text[X509_TEXT_MAX + 8] = "CN=";

	memset(text + 3, 'a', 64);
	text[67] = '\0';
	X509_NAME *name = NULL;
	char error[X509_ERROR_MAX];
	cr_assert_eq(x509_name_parse(text, error, &name), NAME_OK);
	X509_NAME_free(name);
	text[67] = 'a';
	refuse(text, "has 65 characters, at most 64");

	/* Characters, not bytes. */
	text[3] = '\0';
	for (unsigned i = 0; i < 64; i++)
		strcat(text, "\xc3\xa4");
	cr_assert_eq(x509_name_parse(text, error, &name), NAME_OK);
	X509_NAME_free(name);

	memset(text, 'a', sizeof(text) - 1);
	memcpy(text, "GN=", 3);
	text[X509_TEXT_MAX] = '\0';
	cr_assert_eq(x509_name_parse(text, error, &name), NAME_OK);
	X509_NAME_free(name);
	text[X509_TEXT_MAX] = 'a';
	text[X509_TEXT_MAX + 1] = '\0';
	refuse(text, "1025 bytes, at most 1024");
}

Test(x509_name, refuses_values_that_the_attribute_cannot_hold)
{
	refuse("CN=", "CN has no value");
	refuse("CN= ,O=a", "CN has no value");
	refuse("C=Germany", "C=Germany is not a country");
	refuse("C=D", "is not a country");
	refuse("C=D1", "is not a country");
	refuse("C=\xc3\xa4"
	       "b",
	       "is not a country");
	refuse("serialNumber=a@b", "letters, digits");
	refuse("DC=K\xc3\xb6ln", "ASCII");
	refuse("DC=a b", "ASCII");
	refuse("emailAddress=a", "has no @");
}
