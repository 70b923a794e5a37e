/* Renewal with a new key, renewal by itself, and the clock that it goes by. */
#include <stddef.h>

#include "client.h"
#include "request.h"

#define BLOCKING (&(struct reply_to){.ret_result = ret_result})
#define STARTED	 (&(struct reply_to){.done = done, .user = user})

static enum ks_status cert_rekey(struct ks_client *client, uint64_t id,
				 const struct ks_validity *asked, enum ks_hash hash,
				 enum ks_algorithm algorithm, const struct reply_to *to)
{
	Keystore__V1__CertRenewRequest body = KEYSTORE__V1__CERT_RENEW_REQUEST__INIT;
	Keystore__V1__Validity validity = KEYSTORE__V1__VALIDITY__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	if (asked) {
		validity.not_before = asked->not_before;
		validity.not_after = asked->not_after;
		validity.days = asked->days;
	}
	body.id = id;
	body.validity = &validity;
	body.hash = (Keystore__V1__Hash)hash;
	body.new_key = true;
	body.algorithm = (Keystore__V1__Algorithm)algorithm;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_CERT_RENEW;
	request.cert_renew = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_cert_rekey(struct ks_client *client, uint64_t id,
			     const struct ks_validity *validity, enum ks_hash hash,
			     enum ks_algorithm algorithm, struct ks_result **ret_result)
{
	return cert_rekey(client, id, validity, hash, algorithm, BLOCKING);
}

enum ks_status ks_cert_rekey_start(struct ks_client *client, uint64_t id,
				   const struct ks_validity *validity, enum ks_hash hash,
				   enum ks_algorithm algorithm, ks_done_fn *done, void *user)
{
	return cert_rekey(client, id, validity, hash, algorithm, STARTED);
}

static enum ks_status cert_set_renewal(struct ks_client *client, uint64_t id,
				       const struct ks_renewal *renewal, const struct reply_to *to)
{
	Keystore__V1__CertSetRenewalRequest body = KEYSTORE__V1__CERT_SET_RENEWAL_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.id = id;
	body.mode = (Keystore__V1__RenewalMode)renewal->mode;
	body.value = renewal->value;
	body.new_key = renewal->new_key;
	body.addresses = (Keystore__V1__AddressPolicy)renewal->addresses;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_CERT_SET_RENEWAL;
	request.cert_set_renewal = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_cert_set_renewal(struct ks_client *client, uint64_t id,
				   const struct ks_renewal *renewal, struct ks_result **ret_result)
{
	return cert_set_renewal(client, id, renewal, BLOCKING);
}

enum ks_status ks_cert_set_renewal_start(struct ks_client *client, uint64_t id,
					 const struct ks_renewal *renewal, ks_done_fn *done,
					 void *user)
{
	return cert_set_renewal(client, id, renewal, STARTED);
}

static enum ks_status clock_confirm(struct ks_client *client, const struct reply_to *to)
{
	Keystore__V1__ClockConfirmRequest body = KEYSTORE__V1__CLOCK_CONFIRM_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	request.body_case = KEYSTORE__V1__REQUEST__BODY_CLOCK_CONFIRM;
	request.clock_confirm = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_clock_confirm(struct ks_client *client, struct ks_result **ret_result)
{
	return clock_confirm(client, BLOCKING);
}

enum ks_status ks_clock_confirm_start(struct ks_client *client, ks_done_fn *done, void *user)
{
	return clock_confirm(client, STARTED);
}
