#include "x509_view.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

static uint32_t usage_read(const ASN1_BIT_STRING *bits)
{
	uint32_t usage = 0;

	for (int i = 0; bits && i < KEY_USAGE_BITS; i++) {
		if (ASN1_BIT_STRING_get_bit(bits, i))
			usage |= 1u << i;
	}
	return usage;
}

static void names_count(struct x509_view *view)
{
	int count = view->names ? sk_GENERAL_NAME_num(view->names) : 0;

	for (int i = 0; i < count; i++) {
		int type = sk_GENERAL_NAME_value(view->names, i)->type;

		view->uris += type == GEN_URI;
		view->ips += type == GEN_IPADD;
		view->dns_names += type == GEN_DNS;
	}
}

void x509_view_open(X509 *x509, const struct profile *profile, struct x509_view *ret_view)
{
	struct x509_view view = {
		.x509 = x509,
		.key = X509_get0_pubkey(x509),
		.profile = profile,
		.constraints = X509_get_ext_d2i(x509, NID_basic_constraints, NULL, NULL),
		.usage_bits = X509_get_ext_d2i(x509, NID_key_usage, NULL, NULL),
		.purposes = X509_get_ext_d2i(x509, NID_ext_key_usage, NULL, NULL),
		.key_id = X509_get_ext_d2i(x509, NID_subject_key_identifier, NULL, NULL),
		.authority = X509_get_ext_d2i(x509, NID_authority_key_identifier, NULL, NULL),
		.names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL),
	};

	view.usage = usage_read(view.usage_bits);
	view.is_self_issued =
		X509_NAME_cmp(X509_get_subject_name(x509), X509_get_issuer_name(x509)) == 0;
	view.is_self_signed = view.is_self_issued && view.key && X509_verify(x509, view.key) == 1;
	view.is_rsa =
		view.key && (EVP_PKEY_is_a(view.key, "RSA") || EVP_PKEY_is_a(view.key, "RSA-PSS"));
	names_count(&view);
	*ret_view = view;
}

void x509_view_close(struct x509_view *view)
{
	BASIC_CONSTRAINTS_free(view->constraints);
	ASN1_BIT_STRING_free(view->usage_bits);
	EXTENDED_KEY_USAGE_free(view->purposes);
	ASN1_OCTET_STRING_free(view->key_id);
	AUTHORITY_KEYID_free(view->authority);
	GENERAL_NAMES_free(view->names);
}

bool x509_view_is_ca(const struct x509_view *view)
{
	return view->constraints && view->constraints->ca;
}

bool x509_view_is_critical(const struct x509_view *view, int nid)
{
	int at = X509_get_ext_by_NID(view->x509, nid, -1);

	return at >= 0 && X509_EXTENSION_get_critical(X509_get_ext(view->x509, at));
}

bool x509_view_is_own_application(const struct x509_view *view)
{
	return view->is_self_issued && (view->profile ? view->profile->is_opcua : view->uris == 1);
}
