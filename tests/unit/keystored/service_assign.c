#include "service_assign.h"

#include <criterion/criterion.h>

#include "../../support/fake_service.h"
#include "service_trust.h"
#include "store_cert.h"

enum { USER = 1000, STRANGER = 1001, GROUP = 50 };

enum {
	KIND = KEYSTORE__V1__SERVICE_FIELD__SERVICE_FIELD_KIND,
	CERT = KEYSTORE__V1__SERVICE_FIELD__SERVICE_FIELD_CERT,
	TRUST = KEYSTORE__V1__SERVICE_FIELD__SERVICE_FIELD_GROUP,
	UID = KEYSTORE__V1__SERVICE_FIELD__SERVICE_FIELD_UID,
	GID = KEYSTORE__V1__SERVICE_FIELD__SERVICE_FIELD_GID,
};

static struct client root;
static struct client user;
static struct client stranger;

static int make_cert_for(const char *new_key, const char *profile)
{
	Keystore__V1__CertCreateRequest create = KEYSTORE__V1__CERT_CREATE_REQUEST__INIT;
	ks_pb_request request = REQUEST(CERT_CREATE, cert_create, &create);

	create.new_key = (char *)(uintptr_t)new_key;
	create.algorithm = KEYSTORE__V1__ALGORITHM__ALGORITHM_EC_P256;
	create.profile = (char *)(uintptr_t)profile;
	create.subject = (char *)(uintptr_t) "CN=a";
	create.issuer = 2;
	return client_try(&root, &request);
}

static Keystore__V1__Service a_service(const char *name, int kind, uint64_t cert)
{
	Keystore__V1__Service service = KEYSTORE__V1__SERVICE__INIT;

	service.name = (char *)(uintptr_t)name;
	service.kind = (Keystore__V1__ServiceKind)kind;
	service.cert_id = cert;
	service.group = (char *)(uintptr_t) "ouc";
	service.has_uid = true;
	service.uid = USER;
	return service;
}

static int set(struct client *client, Keystore__V1__Service service, bool create, int field)
{
	Keystore__V1__ServiceField fields[] = {(Keystore__V1__ServiceField)(field ? field : KIND),
					       (Keystore__V1__ServiceField)CERT,
					       (Keystore__V1__ServiceField)TRUST,
					       (Keystore__V1__ServiceField)UID};
	Keystore__V1__ServiceSetRequest body = KEYSTORE__V1__SERVICE_SET_REQUEST__INIT;
	ks_pb_request request = REQUEST(SERVICE_SET, service_set, &body);

	body.service = &service;
	body.fields = fields;
	body.n_fields = field ? 1 : 4;
	body.create = create;
	return client_try(client, &request);
}

static int create(struct client *client, const char *name, int kind, uint64_t cert)
{
	return set(client, a_service(name, kind, cert), true, 0);
}

static int drop(struct client *client, const char *name)
{
	Keystore__V1__ServiceRemoveRequest body = KEYSTORE__V1__SERVICE_REMOVE_REQUEST__INIT;
	ks_pb_request request = REQUEST(SERVICE_REMOVE, service_remove, &body);

	body.name = (char *)(uintptr_t)name;
	return client_try(client, &request);
}

static size_t listed(struct client *client)
{
	Keystore__V1__ServiceListRequest body = KEYSTORE__V1__SERVICE_LIST_REQUEST__INIT;
	ks_pb_request request = REQUEST(SERVICE_LIST, service_list, &body);
	ks_pb_reply *reply = client_ask(client, &request);
	size_t count = reply->service_list->n_services;

	codec_reply_free(reply);
	return count;
}

static int list_trust(struct client *client, const char *group)
{
	Keystore__V1__TrustListRequest body = KEYSTORE__V1__TRUST_LIST_REQUEST__INIT;
	ks_pb_request request = REQUEST(TRUST_LIST, trust_list, &body);

	body.group = (char *)(uintptr_t)group;
	return client_try(client, &request);
}

static int change_cert(struct client *client, uint64_t id, bool deletes)
{
	Keystore__V1__CertRenewRequest renew = KEYSTORE__V1__CERT_RENEW_REQUEST__INIT;
	Keystore__V1__CertDeleteRequest delete = KEYSTORE__V1__CERT_DELETE_REQUEST__INIT;
	ks_pb_request renewal = REQUEST(CERT_RENEW, cert_renew, &renew);
	ks_pb_request deletion = REQUEST(CERT_DELETE, cert_delete, &delete);

	renew.id = id;
	delete.id = id;
	return client_try(client, deletes ? &deletion : &renewal);
}

static int show_cert(struct client *client, uint64_t id)
{
	Keystore__V1__CertShowRequest body = KEYSTORE__V1__CERT_SHOW_REQUEST__INIT;
	ks_pb_request request = REQUEST(CERT_SHOW, cert_show, &body);

	body.id = id;
	return client_try(client, &request);
}

/* Certificates 1 and 2: CAs; 3: key "line", for TLS clients; 4: key "log", for syslog clients. */
static void set_up(void)
{
	Keystore__V1__ProjectInitRequest init = KEYSTORE__V1__PROJECT_INIT_REQUEST__INIT;
	ks_pb_request request = REQUEST(PROJECT_INIT, project_init, &init);

	bench_up();
	root = client_new(0, 0);
	user = client_new(USER, GROUP);
	stranger = client_new(STRANGER, STRANGER);
	cr_assert_eq(client_try(&root, &request), STATUS_OK);
	cr_assert_eq(make_cert_for("line", "tls-client"), STATUS_OK);
	cr_assert_eq(make_cert_for("log", "syslog-client"), STATUS_OK);
}

static void tear_down(void)
{
	client_close(&root);
	client_close(&user);
	client_close(&stranger);
	bench_down();
}

TestSuite(service_assign, .init = set_up, .fini = tear_down);

Test(service_assign, lets_the_services_user_use_key_and_group_and_nobody_else)
{
	cr_assert_eq(client_sign(&user, "line"), STATUS_DENIED);
	cr_assert_eq(list_trust(&user, "ouc"), STATUS_DENIED);
	cr_assert_eq(create(&user, "line-1", STORE_OUC, 3), STATUS_DENIED);
	cr_assert_eq(create(&root, "line-1", STORE_OUC, 3), STATUS_OK);
	cr_assert_eq(client_sign(&user, "line"), STATUS_OK);
	cr_assert_eq(client_sign(&user, "log"), STATUS_DENIED);
	cr_assert_eq(show_cert(&user, 3), STATUS_OK);
	cr_assert_eq(list_trust(&user, "ouc"), STATUS_OK);
	cr_assert_eq(list_trust(&user, "opcua"), STATUS_DENIED);
	cr_assert_eq(listed(&user), 1u);
	cr_assert_eq(client_sign(&stranger, "line"), STATUS_DENIED);
	cr_assert_eq(list_trust(&stranger, "ouc"), STATUS_DENIED);
	cr_assert_eq(listed(&stranger), 0u);
	cr_assert_eq(drop(&user, "line-1"), STATUS_DENIED);
	cr_assert_eq(drop(&root, "line-1"), STATUS_OK);
	cr_assert_eq(client_sign(&user, "line"), STATUS_DENIED);
	cr_assert_eq(list_trust(&user, "ouc"), STATUS_DENIED);
	cr_assert_eq(drop(&root, "line-1"), STATUS_NOT_FOUND);
}

Test(service_assign, follows_the_assignment_from_key_to_key)
{
	Keystore__V1__Service service = a_service("any", STORE_CUSTOM, 4);

	cr_assert_eq(create(&root, "any", STORE_CUSTOM, 3), STATUS_OK);
	cr_assert_eq(client_sign(&user, "line"), STATUS_OK);
	cr_assert_eq(set(&root, service, false, CERT), STATUS_OK);
	cr_assert_eq(client_sign(&user, "line"), STATUS_DENIED);
	cr_assert_eq(client_sign(&user, "log"), STATUS_OK);
	/* A group instead of a user. */
	service.has_uid = false;
	cr_assert_eq(set(&root, service, false, UID), STATUS_OK);
	cr_assert_eq(client_sign(&user, "log"), STATUS_DENIED);
	service.has_gid = true;
	service.gid = GROUP;
	cr_assert_eq(set(&root, service, false, GID), STATUS_OK);
	cr_assert_eq(client_sign(&user, "log"), STATUS_OK);
	cr_assert_eq(client_sign(&stranger, "log"), STATUS_DENIED);
	/* By hand, nothing of it can be taken away or is counted. */
	cr_assert_eq(client_allow_uid(&root, "log", USER, 0), STATUS_OK);
	cr_assert_eq(client_sign(&user, "log"), STATUS_OK);
}

Test(service_assign, gives_a_key_to_one_service_only)
{
	cr_assert_eq(create(&root, "line-1", STORE_OUC, 3), STATUS_OK);
	cr_assert_eq(create(&root, "line-1", STORE_OUC, 0), STATUS_EXISTS);
	cr_assert_eq(create(&root, "line-2", STORE_OUC, 3), STATUS_CONFLICT);
	cr_assert_eq(create(&root, "line-2", STORE_OUC, 0), STATUS_OK);
	cr_assert_eq(set(&root, a_service("line-2", STORE_OUC, 3), false, CERT), STATUS_CONFLICT);
	/* Again for itself is fine. */
	cr_assert_eq(set(&root, a_service("line-1", STORE_OUC, 3), false, CERT), STATUS_OK);
}

Test(service_assign, takes_what_fits_its_kind)
{
	cr_assert_eq(create(&root, "a", STORE_OUC, 1), STATUS_CONFLICT, "a CA");
	cr_assert_eq(create(&root, "a", STORE_WEB_SERVER, 3), STATUS_CONFLICT, "a client's");
	cr_assert_eq(create(&root, "a", STORE_OUC, 99), STATUS_NOT_FOUND);
	cr_assert_eq(create(&root, "a", 0, 3), STATUS_INVALID);
	cr_assert_eq(create(&root, "a", STORE_SERVICE_KINDS, 3), STATUS_INVALID);
	cr_assert_eq(create(&root, "a b", STORE_OUC, 3), STATUS_INVALID);
	cr_assert_eq(set(&root, a_service("a", STORE_OUC, 3), false, 0), STATUS_NOT_FOUND);
	cr_assert_eq(create(&root, "a", STORE_OUC, 4), STATUS_CONFLICT, "a syslog client's");
	cr_assert_eq(create(&root, "a", STORE_SYSLOG, 4), STATUS_OK);
	cr_assert_eq(set(&root, a_service("a", STORE_WEB_SERVER, 4), false, KIND), STATUS_CONFLICT);
	cr_assert_eq(set(&root, a_service("a", STORE_SYSLOG, 4), false, 77), STATUS_INVALID);
	cr_assert_eq(listed(&root), 1u);
}

Test(service_assign, keeps_what_is_assigned_from_being_deleted)
{
	Keystore__V1__TrustGroupSetRequest body = KEYSTORE__V1__TRUST_GROUP_SET_REQUEST__INIT;
	ks_pb_request request = REQUEST(TRUST_GROUP_SET, trust_group_set, &body);
	Keystore__V1__Service service = a_service("a", STORE_OUC, 3);

	body.name = (char *)(uintptr_t) "own";
	body.create = true;
	cr_assert_eq(client_try(&root, &request), STATUS_OK);
	service.group = (char *)(uintptr_t) "own";
	cr_assert_eq(set(&root, service, true, 0), STATUS_OK);
	cr_assert_eq(change_cert(&root, 3, true), STATUS_CONFLICT);
	body.create = false;
	body.remove = true;
	request.id = 0;
	cr_assert_eq(client_try(&root, &request), STATUS_CONFLICT);
	cr_assert_eq(drop(&root, "a"), STATUS_OK);
	cr_assert_eq(change_cert(&root, 3, true), STATUS_OK);
	request.id = 0;
	cr_assert_eq(client_try(&root, &request), STATUS_OK);
}

Test(service_assign, is_told_when_its_certificate_is_renewed)
{
	Keystore__V1__SubscribeRequest body = KEYSTORE__V1__SUBSCRIBE_REQUEST__INIT;
	ks_pb_request request = REQUEST(SUBSCRIBE, subscribe, &body);
	bool told = false;

	cr_assert_eq(create(&root, "line-1", STORE_OUC, 3), STATUS_OK);
	cr_assert_eq(client_try(&user, &request), STATUS_OK);
	cr_assert_eq(change_cert(&root, 3, false), STATUS_OK);
	while (!told) {
		ks_pb_reply *reply = client_receive(&user);

		cr_assert_not_null(reply);
		told = reply->event->body_case == KEYSTORE__V1__EVENT__BODY_SERVICE;
		if (told) {
			cr_assert_str_eq(reply->event->service->name, "line-1");
			cr_assert_eq(reply->event->service->cert_id, 3u);
		}
		codec_reply_free(reply);
	}
	cr_assert_eq(client_sign(&user, "line"), STATUS_OK);
}

Test(service_assign, takes_a_renewed_certificates_new_key_along_and_leaves_no_grant_behind)
{
	Keystore__V1__CertRenewRequest renew = KEYSTORE__V1__CERT_RENEW_REQUEST__INIT;
	ks_pb_request request = REQUEST(CERT_RENEW, cert_renew, &renew);

	renew.id = 3;
	renew.new_key = true;
	cr_assert_eq(create(&root, "line-1", STORE_OUC, 3), STATUS_OK);
	cr_assert_eq(client_try(&root, &request), STATUS_OK);
	cr_assert_eq(client_sign(&user, "line.v2"), STATUS_OK);
	/* As long as the former version is valid. */
	cr_assert_eq(client_sign(&user, "line"), STATUS_OK);
	cr_assert_eq(drop(&root, "line-1"), STATUS_OK);
	cr_assert_eq(client_sign(&user, "line.v2"), STATUS_DENIED);
	cr_assert_eq(client_sign(&user, "line"), STATUS_DENIED);
}

Test(service_assign, has_a_limit_of_services)
{
	for (int i = 0; i < STORE_SERVICES_MAX; i++) {
		char name[16];

		snprintf(name, sizeof name, "s%d", i);
		cr_assert_eq(create(&root, name, STORE_CUSTOM, 0), STATUS_OK);
	}
	cr_assert_eq(create(&root, "more", STORE_CUSTOM, 0), STATUS_LIMIT);
	cr_assert_eq(listed(&root), 128u);
}
