/*
 * What a request for a certificate asks for, checked and put into an order. Hides the words for
 * what is wrong. Each answers the request where it returns false.
 */
#ifndef SERVICE_CERT_TAKE_H
#define SERVICE_CERT_TAKE_H

#include <keystore.pb-c.h>

#include "service_cert_issue.h"

struct service;

/*
 * What was asked for as times. Without an end it is that of the profile, but not beyond
 * @issuer_end (0: there is none), which the note says then.
 */
bool cert_take_validity(struct request *request, struct issue *issue, struct issue_order *order,
			const Keystore__V1__Validity *asked, unsigned default_days,
			int64_t issuer_end);

/* A reference for @order->key or its issuer's. */
bool cert_take_tpm_key(struct request *request, uint64_t key_id, struct tpm_key **ret_key);

/* The CA's certificate and key. */
bool cert_take_issuer(struct request *request, struct issue_order *order, uint64_t id,
		      int64_t *ret_end);

/* Hash and padding of the signature, by the key that makes it. */
bool cert_take_scheme(struct request *request, struct issue_order *order, Keystore__V1__Hash hash,
		      Keystore__V1__Padding padding);

/* A CA's path length and one; 0: no limit. */
bool cert_take_ca_levels(struct request *request, struct issue_order *order, unsigned levels);

bool cert_take_names(struct request *request, struct store_cert *cert,
		     Keystore__V1__GeneralName *const *asked, size_t count);

/* And what else a new certificate begins with. */
bool cert_take_subject(struct request *request, struct issue_order *order,
		       const struct profile *profile, const char *subject);

/* Whether it is about a key that is there or a new one, and not about both or none. */
bool cert_take_one_key(struct request *request, const Keystore__V1__KeyRef *key,
		       const char *new_key);

/* A key that is to be made, or one that is there. */
bool cert_take_new_key(struct request *request, struct issue_order *order, const char *name,
		       unsigned algorithm);
bool cert_take_old_key(struct request *request, struct issue_order *order,
		       const Keystore__V1__KeyRef *ref, const struct profile *profile,
		       bool is_self_signed);

/*
 * How the key after that of @cert is called: "web" and "web.v2" are followed by "web.v3". False:
 * all such names are taken.
 */
bool cert_name_successor(struct service *service, const struct store_cert *cert,
			 char ret_name[NAMES_KEY_MAX + 1]);

/*
 * A new key in the place of the one of a certificate to be renewed, which stays: named after it,
 * with its grants; of the same algorithm where @algorithm is 0.
 */
bool cert_take_successor(struct request *request, struct issue_order *order, unsigned algorithm);

#endif
