/* Certificates: making and renewing them, and showing, exporting, deleting what there is. */
#ifndef SERVICE_CERT_H
#define SERVICE_CERT_H

#include <keystore.pb-c.h>

#include "keyring.h"

struct request;
struct service;
struct profile;
struct store_cert;

#define SERVICE_CERT_PAGE  32u /* in one reply: a signature may have to wait for it */
#define SERVICE_CERT_CHAIN 16u /* certificates from one to its root */

void service_cert_project_init(struct request *request, const void *body,
			       const struct keyring_key *key);
void service_cert_create(struct request *request, const void *body, const struct keyring_key *key);
void service_cert_renew(struct request *request, const void *body, const struct keyring_key *key);
void service_cert_list(struct request *request, const void *body, const struct keyring_key *key);
void service_cert_show(struct request *request, const void *body, const struct keyring_key *key);
void service_cert_export(struct request *request, const void *body, const struct keyring_key *key);
void service_cert_delete(struct request *request, const void *body, const struct keyring_key *key);
void service_cert_import(struct request *request, const void *body, const struct keyring_key *key);
void service_cert_replace(struct request *request, const void *body, const struct keyring_key *key);
void service_cert_request(struct request *request, const void *body, const struct keyring_key *key);
void service_cert_sign_csr(struct request *request, const void *body,
			   const struct keyring_key *key);
void service_cert_draft(struct request *request, const void *body, const struct keyring_key *key);
void service_cert_check(struct request *request, const void *body, const struct keyring_key *key);

void service_profile_list(struct request *request, const void *body, const struct keyring_key *key);

/* The certificate with that ID; its key, if it is here, becomes the request's object. False: answered. */
bool service_cert_find(struct request *request, uint64_t id, struct store_cert *ret_cert);

/* The same, if the caller may see it. False: answered. */
bool service_cert_find_visible(struct request *request, uint64_t id, struct store_cert *ret_cert);

/* False: there is no such profile, and that is answered. */
bool service_cert_profile(struct request *request, const char *name,
			  const struct profile **ret_profile);

/* Answers with all of a certificate. @note may be the request's state's. */
void service_cert_reply(struct request *request, uint64_t id, const char *note);

/* Tells those who may see the certificate; of @cert only ID, kind and key are looked at. */
void service_cert_publish(struct service *service, const struct store_cert *cert,
			  const char *common_name, Keystore__V1__KeyEvent__Change change);

#endif
