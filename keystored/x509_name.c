#include "x509_name.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

/* As x509_name_parse() reads it: in the order of the certificate, RFC 4514's escapes. */
#define SHOW_FLAGS                                                                                 \
	((ASN1_STRFLGS_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) | XN_FLAG_SEP_COMMA_PLUS | XN_FLAG_FN_SN | \
	 XN_FLAG_DUMP_UNKNOWN_FIELDS)

enum kind { KIND_UTF8, KIND_PRINTABLE, KIND_IA5 };

struct attribute {
	const char *name;
	int nid;
	enum kind kind;
	size_t min; /* characters */
	size_t max;
};

/* Upper bounds: RFC 5280 appendix A.1; street: X.520; UID: RFC 4524. */
static const struct attribute attributes[] = {
	{"CN", NID_commonName, KIND_UTF8, 1, 64},
	{"O", NID_organizationName, KIND_UTF8, 1, 64},
	{"OU", NID_organizationalUnitName, KIND_UTF8, 1, 64},
	{"C", NID_countryName, KIND_PRINTABLE, 2, 2},
	{"L", NID_localityName, KIND_UTF8, 1, 128},
	{"ST", NID_stateOrProvinceName, KIND_UTF8, 1, 128},
	{"street", NID_streetAddress, KIND_UTF8, 1, 128},
	{"DC", NID_domainComponent, KIND_IA5, 1, 63},
	{"emailAddress", NID_pkcs9_emailAddress, KIND_IA5, 1, 255},
	{"serialNumber", NID_serialNumber, KIND_PRINTABLE, 1, 64},
	{"title", NID_title, KIND_UTF8, 1, 64},
	{"GN", NID_givenName, KIND_UTF8, 1, X509_TEXT_MAX},
	{"SN", NID_surname, KIND_UTF8, 1, X509_TEXT_MAX},
	{"name", NID_name, KIND_UTF8, 1, X509_TEXT_MAX},
	{"initials", NID_initials, KIND_UTF8, 1, X509_TEXT_MAX},
	{"generationQualifier", NID_generationQualifier, KIND_UTF8, 1, X509_TEXT_MAX},
	{"dnQualifier", NID_dnQualifier, KIND_PRINTABLE, 1, X509_TEXT_MAX},
	{"pseudonym", NID_pseudonym, KIND_UTF8, 1, 128},
	{"UID", NID_userId, KIND_UTF8, 1, 256},
};

static const int string_types[] = {
	[KIND_UTF8] = V_ASN1_UTF8STRING,
	[KIND_PRINTABLE] = V_ASN1_PRINTABLESTRING,
	[KIND_IA5] = V_ASN1_IA5STRING,
};

static const char escapable[] = ",+\"\\<>;=# ";

struct value {
	char bytes[X509_TEXT_MAX];
	size_t len;
};

static const struct attribute *attribute_find(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		if (strlen(attributes[i].name) == len &&
		    strncasecmp(attributes[i].name, name, len) == 0)
			return &attributes[i];
	}
	return NULL;
}

/* One (possibly escaped) byte of a value; 0: *text is no valid escape. */
static size_t byte_read(const char *text, char *ret_byte)
{
	int high;
	int low;

	if (text[0] != '\\') {
		*ret_byte = text[0];
		return 1;
	}
	if (text[1] != '\0' && strchr(escapable, text[1])) {
		*ret_byte = text[1];
		return 2;
	}
	if (text[1] == '\0')
		return 0;
	high = OPENSSL_hexchar2int((unsigned char)text[1]);
	low = OPENSSL_hexchar2int((unsigned char)text[2]);
	if (high < 0 || low < 0)
		return 0;
	*ret_byte = (char)(high << 4 | low);
	return 3;
}

/* The value at *text, up to a comma or the end. */
static enum name_status value_read(const struct attribute *attribute, const char **text,
				   char *ret_error, struct value *value)
{
	const char *at = *text;
	size_t kept = 0; /* without the spaces at the end that nobody escaped */
	size_t n;

	at += strspn(at, " ");
	value->len = 0;
	if (*at == '#') {
		snprintf(ret_error, X509_ERROR_MAX,
			 "subject: the value of %s begins with #: write \\# for the character, "
			 "encoded values are not taken",
			 attribute->name);
		return NAME_INVALID;
	}
	for (; *at && *at != ','; at += n) {
		if (strchr("+\";<>", *at)) {
			snprintf(ret_error, X509_ERROR_MAX,
				 "subject: %c in the value of %s needs a backslash before it%s",
				 *at, attribute->name,
				 *at == '+' ? "; attributes are joined by , only" : "");
			return NAME_INVALID;
		}
		n = byte_read(at, &value->bytes[value->len]);
		if (n == 0) {
			snprintf(ret_error, X509_ERROR_MAX,
				 "subject: a backslash in the value of %s is followed by neither "
				 "one of %s nor two hexadecimal digits",
				 attribute->name, ", + \" \\ < > ; = # space");
			return NAME_INVALID;
		}
		value->len++;
		if (n > 1 || *at != ' ')
			kept = value->len;
	}
	value->len = kept;
	*text = at;
	return NAME_OK;
}

static enum name_status value_check(const struct attribute *attribute, const struct value *value,
				    char *ret_error)
{
	char shown[X509_SHOWN_MAX];
	size_t chars;

	x509_text_show(value->bytes, value->len, shown);
	if (value->len == 0) {
		snprintf(ret_error, X509_ERROR_MAX,
			 "subject: %s has no value: write %s=VALUE or leave it out",
			 attribute->name, attribute->name);
		return NAME_INVALID;
	}
	if (!x509_text_is_utf8(value->bytes, value->len, &chars)) {
		snprintf(ret_error, X509_ERROR_MAX,
			 "subject: %s=%s is not UTF-8 text, or has control characters",
			 attribute->name, shown);
		return NAME_INVALID;
	}
	if (attribute->nid == NID_countryName &&
	    !(chars == 2 && isalpha((unsigned char)value->bytes[0]) &&
	      isalpha((unsigned char)value->bytes[1]))) {
		snprintf(ret_error, X509_ERROR_MAX,
			 "subject: C=%s is not a country: two letters (ISO 3166), such as C=DE",
			 shown);
		return NAME_INVALID;
	}
	if (chars < attribute->min || chars > attribute->max) {
		snprintf(ret_error, X509_ERROR_MAX,
			 "subject: %s=%s has %zu characters, at most %zu are allowed (RFC 5280)",
			 attribute->name, shown, chars, attribute->max);
		return NAME_INVALID;
	}
	if (attribute->kind == KIND_PRINTABLE &&
	    !x509_text_is_printable(value->bytes, value->len)) {
		snprintf(ret_error, X509_ERROR_MAX,
			 "subject: %s=%s may hold letters, digits, spaces and '()+,-./:=? only",
			 attribute->name, shown);
		return NAME_INVALID;
	}
	if (attribute->kind == KIND_IA5 && !x509_text_is_ia5_word(value->bytes, value->len)) {
		snprintf(ret_error, X509_ERROR_MAX,
			 "subject: %s=%s may hold ASCII without spaces only", attribute->name,
			 shown);
		return NAME_INVALID;
	}
	if (attribute->nid == NID_pkcs9_emailAddress && !memchr(value->bytes, '@', value->len)) {
		snprintf(ret_error, X509_ERROR_MAX,
			 "subject: emailAddress=%s has no @: write it as name@domain", shown);
		return NAME_INVALID;
	}
	return NAME_OK;
}

/* "CN=" at *text. */
static const struct attribute *attribute_read(const char **text, char *ret_error)
{
	const char *name = *text + strspn(*text, " ");
	const char *end = name + strcspn(name, "=,");
	const struct attribute *attribute;
	char shown[X509_SHOWN_MAX];
	size_t len = (size_t)(end - name);

	while (len && name[len - 1] == ' ')
		len--;
	x509_text_show(name, len, shown);
	if (*end != '=') {
		snprintf(ret_error, X509_ERROR_MAX,
			 "subject: \"%s\" has no = : write attributes as CN=plc-1,O=Plant and a "
			 "comma within a value as \\,",
			 shown);
		return NULL;
	}
	attribute = attribute_find(name, len);
	if (!attribute) {
		snprintf(ret_error, X509_ERROR_MAX,
			 "subject: \"%s\" is not an attribute: CN O OU C L ST street DC "
			 "emailAddress serialNumber title GN SN UID and the like are",
			 shown);
		return NULL;
	}
	*text = end + 1;
	return attribute;
}

enum name_status x509_name_parse(const char *text, char ret_error[X509_ERROR_MAX],
				 X509_NAME **ret_name)
{
	const struct attribute *attribute;
	enum name_status status;
	struct value value;
	X509_NAME *name;

	if (strlen(text) > X509_TEXT_MAX) {
		snprintf(ret_error, X509_ERROR_MAX,
			 "subject: %zu bytes, at most %d are taken: shorten it", strlen(text),
			 X509_TEXT_MAX);
		return NAME_INVALID;
	}
	status = NAME_NOMEM;
	name = X509_NAME_new();
	if (!name)
		goto out;

	text += strspn(text, " ");
	while (*text) {
		status = NAME_INVALID;
		attribute = attribute_read(&text, ret_error);
		if (!attribute)
			goto out;
		status = value_read(attribute, &text, ret_error, &value);
		if (status != NAME_OK)
			goto out;
		status = value_check(attribute, &value, ret_error);
		if (status != NAME_OK)
			goto out;
		status = NAME_NOMEM;
		if (!X509_NAME_add_entry_by_NID(name, attribute->nid, string_types[attribute->kind],
						(const unsigned char *)value.bytes, (int)value.len,
						-1, 0))
			goto out;
		if (*text == '\0')
			break;
		/* What follows a comma must be an attribute, even if it is nothing. */
		text++;
		if (text[strspn(text, " ")] == '\0') {
			snprintf(ret_error, X509_ERROR_MAX,
				 "subject: nothing follows the last comma: leave it out, or write "
				 "\\, for one that belongs to the value");
			status = NAME_INVALID;
			goto out;
		}
	}

	*ret_name = name;
	name = NULL;
	status = NAME_OK;
out:
	X509_NAME_free(name);
	return status;
}

enum name_status x509_name_show(const X509_NAME *name, char *ret_text, size_t size)
{
	enum name_status status = NAME_INVALID;
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;

	if (!bio)
		return NAME_NOMEM;
	if (X509_NAME_print_ex(bio, name, 0, SHOW_FLAGS) >= 0) {
		len = BIO_get_mem_data(bio, &text);
		x509_text_copy(text, (size_t)len, ret_text, size);
		status = NAME_OK;
	}
	BIO_free(bio);
	return status;
}
