#include <stdbool.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pkcs12.h>

#include "x509_import_reader.h"

/* Bags within bags: nobody writes them, and a hostile file may nest them without end. */
#define DEPTH_MAX 4

static enum import_status take_bags(struct import_reader *reader,
				    const STACK_OF(PKCS12_SAFEBAG) * bags, const char *password,
				    unsigned depth);

static enum import_status take_shrouded(struct import_reader *reader, const PKCS12_SAFEBAG *bag,
					const char *password)
{
	struct import_reader own = *reader;
	enum import_status status;

	own.password = password;
	status = reader_take_encrypted_key(&own, PKCS12_SAFEBAG_get0_pkcs8(bag));
	reader->rounds = own.rounds;
	return status;
}

static enum import_status take_cert(struct import_reader *reader, const PKCS12_SAFEBAG *bag)
{
	X509 *cert = PKCS12_SAFEBAG_get_bag_nid(bag) == NID_x509Certificate
			     ? PKCS12_SAFEBAG_get1_cert(bag)
			     : NULL;
	enum import_status status =
		cert ? reader_take_cert(reader, cert)
		     : reader_fail(reader, IMPORT_UNKNOWN,
				   "the PKCS#12 file has a certificate that is damaged, or of "
				   "another kind than X.509");

	X509_free(cert);
	return status;
}

static enum import_status take_crl(struct import_reader *reader, const PKCS12_SAFEBAG *bag)
{
	X509_CRL *crl = PKCS12_SAFEBAG_get_bag_nid(bag) == NID_x509Crl
				? PKCS12_SAFEBAG_get1_crl(bag)
				: NULL;
	enum import_status status =
		crl ? reader_take_crl(reader, crl)
		    : reader_fail(reader, IMPORT_UNKNOWN, "the PKCS#12 file has a damaged CRL");

	X509_CRL_free(crl);
	return status;
}

static enum import_status take_bag(struct import_reader *reader, const PKCS12_SAFEBAG *bag,
				   const char *password, unsigned depth)
{
	switch (PKCS12_SAFEBAG_get_nid(bag)) {
	case NID_keyBag:
		return reader_take_key(reader, PKCS12_SAFEBAG_get0_p8inf(bag));
	case NID_pkcs8ShroudedKeyBag:
		return take_shrouded(reader, bag, password);
	case NID_certBag:
		return take_cert(reader, bag);
	case NID_crlBag:
		return take_crl(reader, bag);
	case NID_safeContentsBag:
		return take_bags(reader, PKCS12_SAFEBAG_get0_safes(bag), password, depth + 1);
	default: /* secrets of others' */
		return IMPORT_OK;
	}
}

static enum import_status take_bags(struct import_reader *reader,
				    const STACK_OF(PKCS12_SAFEBAG) * bags, const char *password,
				    unsigned depth)
{
	enum import_status status = IMPORT_OK;

	if (depth > DEPTH_MAX)
		return reader_fail(reader, IMPORT_UNKNOWN,
				   "the PKCS#12 file has bags within bags within bags");
	for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags) && status == IMPORT_OK; i++)
		status = take_bag(reader, sk_PKCS12_SAFEBAG_value(bags, i), password, depth);
	return status;
}

/* NULL: *ret_status says why. */
static STACK_OF(PKCS12_SAFEBAG) * open_safe(struct import_reader *reader, PKCS7 *safe,
					    const char *password, enum import_status *ret_status)
{
	STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
	enum pbe_status can_open;

	if (PKCS7_type_is_data(safe)) {
		bags = PKCS12_unpack_p7data(safe);
		if (!bags)
			*ret_status =
				reader_fail(reader, IMPORT_UNKNOWN, "the PKCS#12 file is damaged");
		return bags;
	}
	if (!PKCS7_type_is_encrypted(safe) || !safe->d.encrypted || !safe->d.encrypted->enc_data) {
		*ret_status = reader_fail(reader, IMPORT_UNSUPPORTED,
					  "the PKCS#12 file is encrypted for a certificate's key, "
					  "not with a password: write it with a password");
		return NULL;
	}
	can_open = pbe_can_open(safe->d.encrypted->enc_data->algorithm, &reader->rounds);
	if (can_open != PBE_OK) {
		*ret_status = reader_fail_pbe(reader, can_open);
		return NULL;
	}
	bags = PKCS12_unpack_p7encdata(safe, password, password ? (int)strlen(password) : 0);
	if (!bags)
		*ret_status = reader->password
				      ? reader_fail(reader, IMPORT_PASSWORD_WRONG,
						    "the password does not open the PKCS#12 file")
				      : reader_fail(reader, IMPORT_PASSWORD_NEEDED,
						    "the PKCS#12 file is encrypted: give its "
						    "password");
	return bags;
}

/*
 * The password as the file has it: none may have been an empty one or none at all. False:
 * *ret_status says why.
 */
static bool find_password(struct import_reader *reader, PKCS12 *pkcs12, const char **ret_password,
			  enum import_status *ret_status)
{
	const char *candidates[] = {reader->password ? reader->password : "", NULL};
	size_t count = *candidates[0] ? 1 : 2;
	const ASN1_INTEGER *iterations = NULL;
	const X509_ALGOR *algorithm = NULL;

	*ret_password = candidates[0];
	if (!PKCS12_mac_present(pkcs12))
		return true;
	PKCS12_get0_mac(NULL, &algorithm, NULL, &iterations, pkcs12);
	for (size_t i = 0; i < count; i++) {
		const char *password = candidates[i];
		enum pbe_status can = pbe_can_verify(algorithm, iterations, &reader->rounds);

		if (can != PBE_OK) {
			*ret_status = reader_fail_pbe(reader, can);
			return false;
		}
		if (PKCS12_verify_mac(pkcs12, password, password ? (int)strlen(password) : 0)) {
			*ret_password = password;
			return true;
		}
	}
	*ret_status = reader->password
			      ? reader_fail(reader, IMPORT_PASSWORD_WRONG,
					    "the password is not the PKCS#12 file's, or the file "
					    "is damaged")
			      : reader_fail(reader, IMPORT_PASSWORD_NEEDED,
					    "the PKCS#12 file has a password: give it");
	return false;
}

enum import_status reader_take_pkcs12(struct import_reader *reader, PKCS12 *pkcs12)
{
	enum import_status status = IMPORT_OK;
	STACK_OF(PKCS7) *safes = NULL;
	const char *password;

	if (!find_password(reader, pkcs12, &password, &status))
		return status;
	safes = PKCS12_unpack_authsafes(pkcs12);
	if (!safes)
		return reader_fail(reader, IMPORT_UNKNOWN, "the PKCS#12 file is damaged");
	for (int i = 0; i < sk_PKCS7_num(safes) && status == IMPORT_OK; i++) {
		STACK_OF(PKCS12_SAFEBAG) *bags =
			open_safe(reader, sk_PKCS7_value(safes, i), password, &status);

		if (bags)
			status = take_bags(reader, bags, password, 0);
		sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
	}
	sk_PKCS7_pop_free(safes, PKCS7_free);
	return status;
}
