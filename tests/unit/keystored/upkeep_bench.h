/*
 * A service in this process (fake_service.h) with the two CAs of a project and a clock of the
 * test's own, for tests of what certificates become by themselves.
 */
#ifndef UPKEEP_BENCH_H
#define UPKEEP_BENCH_H

#include <criterion/criterion.h>

#include "../../support/fake_service.h"
#include "clock.h"
#include "store_renewal.h"
#include "upkeep.h"

#define DAY INT64_C(86400)

enum { USER = 1000 };

static struct client root;
static struct client user;
static struct clock_look now;

static inline void fake_look(struct clock_look *ret_look, void *unused)
{
	(void)unused;
	*ret_look = now;
}

/* The timer between two pages rings in milliseconds; nothing else is waited for. */
static inline void settle(void)
{
	int idle = 0;

	while (idle < 3)
		idle = sd_event_run(bench.event, 5000) > 0 ? 0 : idle + 1;
}

static inline void pass(int64_t seconds)
{
	/* In steps that the clock is believed for. */
	while (seconds > 0) {
		int64_t step = seconds < DAY ? seconds : DAY;

		now.real += step;
		now.boot += step;
		seconds -= step;
		clock_state(bench.service.clock);
	}
	upkeep_check(bench.service.upkeep);
	settle();
}

static inline uint64_t create_named(const char *new_key, const char *profile, uint64_t issuer,
				    unsigned days, Keystore__V1__GeneralName **names, size_t count)
{
	Keystore__V1__CertCreateRequest body = KEYSTORE__V1__CERT_CREATE_REQUEST__INIT;
	Keystore__V1__Validity validity = KEYSTORE__V1__VALIDITY__INIT;
	ks_pb_request request = REQUEST(CERT_CREATE, cert_create, &body);
	ks_pb_reply *reply;
	char subject[64];
	uint64_t id;

	validity.days = days;
	body.new_key = (char *)(uintptr_t)new_key;
	body.algorithm = KEYSTORE__V1__ALGORITHM__ALGORITHM_EC_P256;
	body.profile = (char *)(uintptr_t)profile;
	snprintf(subject, sizeof subject, "CN=%s", new_key);
	body.subject = subject;
	body.issuer = issuer;
	body.validity = &validity;
	body.names = names;
	body.n_names = count;
	reply = client_ask(&root, &request);
	cr_assert_not_null(reply);
	cr_assert_eq((int)reply->status, STATUS_OK, "%s", reply->message);
	id = reply->cert->cert->id;
	codec_reply_free(reply);
	settle();
	return id;
}

static inline uint64_t create_with(const char *new_key, const char *profile, uint64_t issuer,
				   unsigned days)
{
	return create_named(new_key, profile, issuer, days, NULL, 0);
}

static inline int set_policy(struct client *client, uint64_t id, int mode, unsigned value,
			     bool new_key)
{
	Keystore__V1__CertSetRenewalRequest body = KEYSTORE__V1__CERT_SET_RENEWAL_REQUEST__INIT;
	ks_pb_request request = REQUEST(CERT_SET_RENEWAL, cert_set_renewal, &body);

	body.id = id;
	body.mode = (Keystore__V1__RenewalMode)mode;
	body.value = value;
	body.new_key = new_key;
	return client_try(client, &request);
}

static inline struct store_cert get(uint64_t id)
{
	struct store_cert cert;

	cr_assert_eq(store_cert_get(bench.service.store, id, &cert), STORE_OK);
	free(cert.der);
	free(cert.subject);
	free(cert.names);
	cert.der = cert.names = NULL;
	cert.subject = NULL;
	return cert;
}

static inline uint32_t version_of(uint64_t id)
{
	return get(id).version;
}

struct count {
	const char *operation;
	const char *status;
	unsigned count;
};

static inline bool count_one(uint64_t seq, const struct store_audit *entry, void *counting)
{
	struct count *count = counting;

	(void)seq;
	if (strcmp(entry->operation, count->operation) == 0 &&
	    (!count->status || strcmp(entry->status, count->status) == 0))
		count->count += entry->count;
	return true;
}

static inline unsigned audited(const char *operation, const char *status)
{
	struct count count = {operation, status, 0};

	audit_flush(bench.service.audit);
	cr_assert_eq(store_audit_list(bench.service.store, 0, count_one, &count), STORE_OK);
	return count.count;
}

static inline void subscribe(struct client *client)
{
	Keystore__V1__SubscribeRequest body = KEYSTORE__V1__SUBSCRIBE_REQUEST__INIT;
	ks_pb_request request = REQUEST(SUBSCRIBE, subscribe, &body);

	cr_assert_eq(client_try(client, &request), STATUS_OK);
}

/* Certificates 1 and 2: the CAs. */
static inline void set_up(void)
{
	Keystore__V1__ProjectInitRequest init = KEYSTORE__V1__PROJECT_INIT_REQUEST__INIT;
	ks_pb_request request = REQUEST(PROJECT_INIT, project_init, &init);

	bench_up();
	now = (struct clock_look){time(NULL), 1000, false};
	clock_set_look(bench.service.clock, fake_look, NULL);
	root = client_new(0, 0);
	user = client_new(USER, USER);
	cr_assert_eq(client_try(&root, &request), STATUS_OK);
	settle();
}

static inline void tear_down(void)
{
	client_close(&root);
	client_close(&user);
	bench_down();
}

#endif
