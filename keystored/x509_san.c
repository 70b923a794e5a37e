#include "x509_san.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/objects.h>

#define DNS_MAX	       253
#define DNS_LABEL_MAX  63
#define LOCAL_PART_MAX 64
#define EMAIL_MAX      254
#define RID_MAX	       128

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS	"0123456789"
#define HEX	DIGITS "ABCDEFabcdef"

/* What is wrong with a name, and what would be right; NULL: nothing. */
typedef const char *check_fn(const char *value);
typedef bool set_fn(GENERAL_NAME *name, const char *value);

static bool is_ipv4(const char *value)
{
	struct in_addr address;

	return inet_pton(AF_INET, value, &address) == 1;
}

/* host: up to the end or one of "/?#"; it may have "user@" before and ":port" after. */
static const char *authority_check(const char *authority, size_t len)
{
	const char *at = memchr(authority, '@', len);
	const char *host = at ? at + 1 : authority;

	len -= (size_t)(host - authority);
	if (len == 0 || host[0] == ':')
		return "has no host after \"//\": write it as opc.tcp://plc-1.example:4840";
	return NULL;
}

static const char *uri_check(const char *value)
{
	static const char allowed[] = LETTERS DIGITS "-._~:/?#[]@!$&'()*+,;=";
	size_t scheme = strspn(value, LETTERS DIGITS "+-.");
	const char *rest = value + scheme + 1;
	const char *after;

	if (scheme == 0 || !strchr(LETTERS, value[0]) || value[scheme] != ':')
		return "has no scheme: write it as urn:plc-1.example:app or https://host/";
	if (*rest == '\0')
		return "has nothing after its scheme: write it as urn:plc-1.example:app";
	for (const char *p = rest; *p; p++) {
		if (*p == '%' && strspn(p + 1, HEX) < 2)
			return "has a % without two hexadecimal digits: write %25 for the "
			       "character";
		if (*p != '%' && !strchr(allowed, *p))
			return "has a character that is not for URIs: write it as % and two "
			       "hexadecimal digits, a space as %20";
	}
	after = strchr(rest, '#');
	if (after && strchr(after + 1, '#'))
		return "has more than one #: write %23 for the character";
	if (strncmp(rest, "//", 2) == 0)
		return authority_check(rest + 2, strcspn(rest + 2, "/?#"));
	return NULL;
}

static const char *ip_check(const char *value)
{
	struct in6_addr address;

	if (is_ipv4(value) || inet_pton(AF_INET6, value, &address) == 1)
		return NULL;
	if (strchr(value, '/'))
		return "is a network: write the one address, without a prefix length";
	if (strchr(value, '%'))
		return "has a zone: leave % and what follows out";
	return "is not an address: write it as 192.0.2.1 or 2001:db8::1";
}

static const char *label_check(const char *label, size_t len)
{
	if (len == 0)
		return "has an empty label: write host.example, without dots at the ends";
	if (len > DNS_LABEL_MAX)
		return "has a label of more than 63 characters (RFC 1035)";
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)label[i] > '~')
			return "is not ASCII: write its A-label form, beginning with xn--";
		if (label[i] == '*')
			return "may have a wildcard as its whole first label only: *.plant.example";
		if (!strchr(LETTERS DIGITS "-", label[i]))
			return "may have letters, digits, hyphens and dots only";
	}
	if (label[0] == '-' || label[len - 1] == '-')
		return "has a label with a hyphen at an end";
	return NULL;
}

static const char *host_check(const char *value)
{
	const char *wrong;
	size_t len;

	if (strlen(value) > DNS_MAX)
		return "has more than 253 characters (RFC 1035)";
	if (is_ipv4(value))
		return "is an address, not a host: give it as an IP name";
	for (;;) {
		len = strcspn(value, ".");
		wrong = label_check(value, len);
		if (wrong || value[len] == '\0')
			return wrong;
		value += len + 1;
	}
}

static const char *dns_check(const char *value)
{
	if (strlen(value) > DNS_MAX)
		return "has more than 253 characters (RFC 1035)";
	if (strncmp(value, "*.", 2) == 0)
		return host_check(value + 2);
	return host_check(value);
}

static const char *email_check(const char *value)
{
	static const char atext[] = LETTERS DIGITS "!#$%&'*+-/=?^_`{|}~.";
	const char *at = strchr(value, '@');
	size_t local = strcspn(value, "@");

	if (!at || local == 0 || at[1] == '\0')
		return "is not an e-mail address: write it as name@domain";
	if (strlen(value) > EMAIL_MAX || local > LOCAL_PART_MAX)
		return "is longer than RFC 5321 allows: 64 characters before the @, 254 in all";
	if (strspn(value, atext) < local)
		return "has a character that an e-mail address cannot have before its @";
	if (value[0] == '.' || at[-1] == '.' || memmem(value, local, "..", 2))
		return "has a misplaced dot before its @";
	return host_check(at + 1);
}

/* In numbers only, written in the one way. */
static bool is_oid(const char *value)
{
	ASN1_OBJECT *object;

	if (value[0] < '0' || value[0] > '2' || value[1] != '.')
		return false;
	for (const char *p = value; *p;) {
		size_t digits = strspn(p, DIGITS);

		if (digits == 0 || (digits > 1 && *p == '0'))
			return false;
		p += digits;
		if (*p == '.' && p[1] != '\0')
			p++;
		else if (*p)
			return false;
	}
	object = OBJ_txt2obj(value, 1);
	ASN1_OBJECT_free(object);
	return object != NULL;
}

static const char *rid_check(const char *value)
{
	if (strlen(value) > RID_MAX)
		return "has more than 128 characters";
	if (!is_oid(value))
		return "is not an object identifier: write it as 1.3.6.1.4.1.99999, in numbers";
	return NULL;
}

/* The text behind the type; false: there is no type, or a long one. */
static bool other_split(const char *value, char ret_oid[RID_MAX + 1], const char **ret_text)
{
	size_t len = strcspn(value, ";");

	if (value[len] == '\0' || len > RID_MAX)
		return false;
	memcpy(ret_oid, value, len);
	ret_oid[len] = '\0';
	*ret_text = value + len + 1;
	return true;
}

static const char *other_check(const char *value)
{
	/* KRB5PrincipalName, permanentIdentifier, hardwareModuleName, SRVName. */
	static const char *const structured[] = {"1.3.6.1.5.2.2", "1.3.6.1.5.5.7.8.3",
						 "1.3.6.1.5.5.7.8.4", "1.3.6.1.5.5.7.8.7"};
	char oid[RID_MAX + 1];
	const char *text;
	size_t chars;

	if (strcspn(value, ";") > RID_MAX)
		return "has a type of more than 128 characters";
	if (!other_split(value, oid, &text) || !is_oid(oid))
		return "does not begin with an object identifier and a semicolon: write it as "
		       "1.3.6.1.4.1.311.20.2.3;anna@plant.example";
	for (size_t i = 0; i < sizeof(structured) / sizeof(structured[0]); i++) {
		if (strcmp(oid, structured[i]) == 0)
			return "is of a type whose value is not a UTF8String: it cannot be made "
			       "here";
	}
	if (text[0] == '\0')
		return "has no text after its semicolon";
	if (strlen(text) > SAN_OTHER_MAX)
		return "has more than 256 bytes of text";
	if (!x509_text_is_utf8(text, strlen(text), &chars))
		return "has a control character, or is not UTF-8";
	return NULL;
}

static bool ia5_set(GENERAL_NAME *name, int type, const char *value)
{
	ASN1_IA5STRING *string = ASN1_IA5STRING_new();

	if (!string || !ASN1_STRING_set(string, value, -1)) {
		ASN1_IA5STRING_free(string);
		return false;
	}
	GENERAL_NAME_set0_value(name, type, string);
	return true;
}

static bool uri_set(GENERAL_NAME *name, const char *value)
{
	return ia5_set(name, GEN_URI, value);
}

static bool dns_set(GENERAL_NAME *name, const char *value)
{
	return ia5_set(name, GEN_DNS, value);
}

static bool email_set(GENERAL_NAME *name, const char *value)
{
	return ia5_set(name, GEN_EMAIL, value);
}

static bool ip_set(GENERAL_NAME *name, const char *value)
{
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	uint8_t address[16];
	int len = is_ipv4(value) ? 4 : 16;

	if (!octets || inet_pton(len == 4 ? AF_INET : AF_INET6, value, address) != 1 ||
	    !ASN1_OCTET_STRING_set(octets, address, len)) {
		ASN1_OCTET_STRING_free(octets);
		return false;
	}
	GENERAL_NAME_set0_value(name, GEN_IPADD, octets);
	return true;
}

static bool rid_set(GENERAL_NAME *name, const char *value)
{
	ASN1_OBJECT *object = OBJ_txt2obj(value, 1);

	if (!object)
		return false;
	GENERAL_NAME_set0_value(name, GEN_RID, object);
	return true;
}

static bool other_set(GENERAL_NAME *name, const char *value)
{
	ASN1_UTF8STRING *string = ASN1_UTF8STRING_new();
	ASN1_TYPE *any = ASN1_TYPE_new();
	ASN1_OBJECT *type = NULL;
	char oid[RID_MAX + 1];
	const char *text;
	bool is_set = false;

	if (!string || !any || !other_split(value, oid, &text) ||
	    !ASN1_STRING_set(string, text, -1))
		goto out;
	type = OBJ_txt2obj(oid, 1);
	if (!type)
		goto out;
	ASN1_TYPE_set(any, V_ASN1_UTF8STRING, string);
	string = NULL;
	is_set = GENERAL_NAME_set0_othername(name, type, any);
	if (is_set) {
		type = NULL;
		any = NULL;
	}
out:
	ASN1_UTF8STRING_free(string);
	ASN1_TYPE_free(any);
	ASN1_OBJECT_free(type);
	return is_set;
}

static const struct {
	const char *word;
	check_fn *check;
	set_fn *set;
} types[SAN_TYPE_COUNT] = {
	[SAN_URI] = {"URI", uri_check, uri_set}, [SAN_IP] = {"IP", ip_check, ip_set},
	[SAN_DNS] = {"DNS", dns_check, dns_set}, [SAN_EMAIL] = {"email", email_check, email_set},
	[SAN_RID] = {"RID", rid_check, rid_set}, [SAN_OTHER] = {"other", other_check, other_set},
};

const char *x509_san_wrong(enum san_type type, const char *value)
{
	if (value[0] == '\0')
		return "is empty";
	if (strlen(value) > X509_TEXT_MAX)
		return "is longer than the 1024 bytes that are taken";
	return types[type].check(value);
}

static enum san_status name_check(const struct csr_name *name, size_t number, char *ret_error)
{
	char shown[X509_SHOWN_MAX];
	const char *wrong;

	if (name->type <= 0 || name->type >= SAN_TYPE_COUNT) {
		snprintf(ret_error, X509_ERROR_MAX,
			 "subject alternative name %zu: its kind is unknown: URI, IP, DNS, email, "
			 "RID and other can be used",
			 number);
		return SAN_INVALID;
	}
	if (!name->value || name->value[0] == '\0') {
		snprintf(ret_error, X509_ERROR_MAX,
			 "subject alternative name %zu: %s is empty: give a value or leave it out",
			 number, types[name->type].word);
		return SAN_INVALID;
	}
	if (strlen(name->value) > X509_TEXT_MAX) {
		snprintf(ret_error, X509_ERROR_MAX,
			 "subject alternative name %zu: %s has %zu bytes, at most %d are taken",
			 number, types[name->type].word, strlen(name->value), X509_TEXT_MAX);
		return SAN_INVALID;
	}
	wrong = types[name->type].check(name->value);
	if (wrong) {
		x509_text_show(name->value, strlen(name->value), shown);
		snprintf(ret_error, X509_ERROR_MAX, "subject alternative name %zu: %s \"%s\" %s",
			 number, types[name->type].word, shown, wrong);
		return SAN_INVALID;
	}
	return SAN_OK;
}

enum san_status x509_san_build(const struct csr_name *names, size_t n,
			       char ret_error[X509_ERROR_MAX], GENERAL_NAMES **ret_names)
{
	GENERAL_NAMES *list = NULL;
	GENERAL_NAME *name = NULL;
	enum san_status status;

	if (n > SAN_NAMES_MAX) {
		snprintf(ret_error, X509_ERROR_MAX,
			 "%zu subject alternative names: at most %d are taken", n, SAN_NAMES_MAX);
		return SAN_INVALID;
	}
	for (size_t i = 0; i < n; i++) {
		status = name_check(&names[i], i + 1, ret_error);
		if (status != SAN_OK)
			return status;
	}

	status = SAN_NOMEM;
	list = GENERAL_NAMES_new();
	if (!list)
		goto out;
	for (size_t i = 0; i < n; i++) {
		name = GENERAL_NAME_new();
		if (!name || !types[names[i].type].set(name, names[i].value) ||
		    !sk_GENERAL_NAME_push(list, name))
			goto out;
		name = NULL;
	}

	*ret_names = list;
	list = NULL;
	status = SAN_OK;
out:
	GENERAL_NAME_free(name);
	GENERAL_NAMES_free(list);
	return status;
}
