/* Logins by certificate, and logins that last: an OPC UA server's. */
#include "rejects.h"
#include "service_user.h"
#include "session.h"
#include "store_service.h"
#include "user_bench.h"
#include "x509_maker.h"
#include "x509_path.h"

#define NONCE "a nonce of thirty-two bytes here"

enum { WEB_SERVER = 710 };

static struct made_cert ca;
static struct made_cert anna; /* issued by ca */

static struct made_cert make_user(const char *name, EVP_PKEY *key, const char *usage)
{
	return make_cert((struct made_spec){
		.name = name,
		.issuer = &ca,
		.key = key,
		.not_before = time(NULL) - DAY,
		.not_after = time(NULL) + DAY,
		.extensions = {{NID_key_usage, usage}, KEY_IDS},
	});
}

static int trust_add(const char *group, const struct made_cert *made)
{
	Keystore__V1__TrustAddRequest body = KEYSTORE__V1__TRUST_ADD_REQUEST__INIT;
	ks_pb_request request = REQUEST(TRUST_ADD, trust_add, &body);
	Keystore__V1__TrustItem item = KEYSTORE__V1__TRUST_ITEM__INIT;
	Keystore__V1__TrustItem *items[] = {&item};

	item.list = KEYSTORE__V1__TRUST_LIST__TRUST_LIST_TRUSTED_CERTS;
	item.der = (ProtobufCBinaryData){(size_t)made->len, made->der};
	body.group = (char *)(uintptr_t)group;
	body.items = items;
	body.n_items = 1;
	return client_try(&root, &request);
}

static int group_set(const char *group, Keystore__V1__Switch auto_accept)
{
	Keystore__V1__TrustGroupSetRequest body = KEYSTORE__V1__TRUST_GROUP_SET_REQUEST__INIT;
	ks_pb_request request = REQUEST(TRUST_GROUP_SET, trust_group_set, &body);

	body.name = (char *)(uintptr_t)group;
	body.crls = KEYSTORE__V1__CRL_POLICY__CRL_POLICY_NONE;
	body.auto_accept = auto_accept;
	return client_try(&root, &request);
}

static void add_service(const char *name, enum store_service_kind kind, uid_t uid,
			const char *group)
{
	struct store_service service = {.kind = kind, .has_uid = true, .uid = uid};
	struct store_group row;

	snprintf(service.name, sizeof service.name, "%s", name);
	if (group) {
		cr_assert_eq(store_group_get(bench.service.store, group, 0, &row), STORE_OK);
		service.group_id = row.id;
	}
	cr_assert_eq(store_service_add(bench.service.store, &service), STORE_OK);
}

static void add_user(const char *name, bool is_disabled, bool must_change)
{
	struct store_user user = {.must_change = must_change};
	uint64_t id;

	snprintf(user.name, sizeof user.name, "%s", name);
	cr_assert_eq(store_user_add(bench.service.store, &user, &id), STORE_OK);
	user.id = id;
	user.is_disabled = is_disabled;
	if (is_disabled)
		cr_assert_eq(store_user_set(bench.service.store, &user), STORE_OK);
	cr_assert(service_users_refresh(&bench.service));
}

static void arrange(void)
{
	up();
	ca = make_cert((struct made_spec){.name = "Users",
					  .not_before = time(NULL) - DAY,
					  .not_after = time(NULL) + DAY,
					  .extensions = {CA_EXTENSIONS, KEY_IDS}});
	anna = make_user("anna", NULL, "digitalSignature");
	cr_assert_eq(group_set("opcua-user", 0), STATUS_OK);
	cr_assert_eq(trust_add("opcua-user", &ca), STATUS_OK);
	cr_assert_eq(group_set("opcua", 0), STATUS_OK);
	cr_assert_eq(group_set("https", 0), STATUS_OK);
	cr_assert_eq(trust_add("https", &ca), STATUS_OK);
	add_service("plc", STORE_OPCUA_SERVER, FRONT_END, "opcua");
	add_service("web", STORE_WEB_SERVER, WEB_SERVER, "https");
	add_user("anna", false, false);
}

static void clear(void)
{
	made_cert_free(&anna);
	made_cert_free(&ca);
	down();
}

TestSuite(service_login_certificate, .init = arrange, .fini = clear, .timeout = 120);

/* What somebody shows. What is left out: as anna would, to the OPC UA server. */
struct attempt {
	const struct made_cert *cert;
	EVP_PKEY *signer;  /* instead of the certificate's */
	const char *signs; /* instead of NONCE */
	const char *group;
	const char *origin;
	const EVP_MD *md;
	int padding; /* OpenSSL's */
	Keystore__V1__Hash wire_hash;
	Keystore__V1__Padding wire_padding;
	bool lasting;
	struct client *client;
};

static size_t sign(const struct attempt *attempt, const struct made_cert *cert,
		   uint8_t signature[512])
{
	const char *text = attempt->signs ? attempt->signs : NONCE;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key = NULL;
	size_t len = 512;

	cr_assert(EVP_DigestSignInit(context, &key, attempt->md ? attempt->md : EVP_sha256(), NULL,
				     attempt->signer ? attempt->signer : cert->key));
	if (attempt->padding == RSA_PKCS1_PSS_PADDING) {
		EVP_PKEY_CTX_set_rsa_padding(key, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(key, RSA_PSS_SALTLEN_DIGEST);
	}
	cr_assert(EVP_DigestSign(context, signature, &len, (const uint8_t *)text, strlen(text)));
	EVP_MD_CTX_free(context);
	return len;
}

static struct login ask(struct client *client, Keystore__V1__LoginCertificateRequest *body,
			uint32_t *ret_life)
{
	ks_pb_request request = REQUEST(LOGIN_CERTIFICATE, login_certificate, body);
	struct login login = {.status = -1};
	ks_pb_reply *reply = client_ask(client, &request);

	cr_assert_not_null(reply);
	login.status = (int)reply->status;
	snprintf(login.message, sizeof login.message, "%s", reply->message);
	if (login.status == STATUS_OK) {
		memcpy(login.token, reply->login->token.data, sizeof login.token);
		*ret_life = reply->login->life_seconds;
	}
	codec_reply_free(reply);
	return login;
}

static struct login try_in(struct attempt attempt, uint32_t *ret_life)
{
	Keystore__V1__LoginCertificateRequest body = KEYSTORE__V1__LOGIN_CERTIFICATE_REQUEST__INIT;
	const struct made_cert *cert = attempt.cert ? attempt.cert : &anna;
	uint8_t signature[512];

	body.group = (char *)(uintptr_t)(attempt.group ? attempt.group : "opcua-user");
	body.certificate = (ProtobufCBinaryData){(size_t)cert->len, cert->der};
	body.data = fake_bytes(NONCE);
	body.signature = (ProtobufCBinaryData){sign(&attempt, cert, signature), signature};
	body.hash = attempt.wire_hash;
	body.padding = attempt.wire_padding;
	if (attempt.origin)
		body.origin = (char *)(uintptr_t)attempt.origin;
	body.lasting = attempt.lasting;
	return ask(attempt.client ? attempt.client : &front_end, &body, ret_life);
}

static struct login log_in(struct attempt attempt)
{
	uint32_t life;

	return try_in(attempt, &life);
}

Test(service_login_certificate, logs_in_the_user_whom_a_trusted_certificate_names)
{
	uint32_t life = 0;
	struct login login = try_in((struct attempt){0}, &life);
	char user[80] = "";
	unsigned rights;

	cr_assert_eq(login.status, STATUS_OK, "%s", login.message);
	cr_assert_eq(life, bench.config.login_lifetime_ms / 1000);
	cr_assert_eq(whoami(&front_end, &login, user, sizeof user, &rights), STATUS_OK);
	cr_assert_str_eq(user, "anna");
	cr_assert_not(is_valid(&other, &login));
}

Test(service_login_certificate, takes_rsa_signatures_of_both_paddings)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	struct made_cert rsa = make_user("anna", key, "digitalSignature");
	struct attempt pkcs1 = {.cert = &rsa};
	struct attempt pss = {.cert = &rsa,
			      .padding = RSA_PKCS1_PSS_PADDING,
			      .wire_padding = KEYSTORE__V1__PADDING__PADDING_PSS};
	struct attempt confused = pss;

	cr_assert_eq(log_in(pkcs1).status, STATUS_OK);
	cr_assert_eq(log_in(pss).status, STATUS_OK);
	confused.wire_padding = KEYSTORE__V1__PADDING__PADDING_PKCS1;
	cr_assert_eq(log_in(confused).status, STATUS_INVALID);
	made_cert_free(&rsa);
	EVP_PKEY_free(key);
}

Test(service_login_certificate, takes_sha1_only_where_the_configuration_does)
{
	struct attempt legacy = {.md = EVP_sha1(), .wire_hash = KEYSTORE__V1__HASH__HASH_SHA1};
	struct login refused = log_in(legacy);

	cr_assert_eq(refused.status, STATUS_UNSUPPORTED);
	cr_assert(strstr(refused.message, "allow-sha1-signatures"), "%s", refused.message);
	bench.config.allow_sha1_signatures = true;
	cr_assert_eq(log_in(legacy).status, STATUS_OK);
}

Test(service_login_certificate, takes_no_signature_but_that_of_the_key_over_the_data)
{
	struct made_cert elsewhere = make_user("bert", NULL, "digitalSignature");

	cr_assert_eq(log_in((struct attempt){.signs = "yesterday's nonce, not today's"}).status,
		     STATUS_INVALID);
	cr_assert_eq(log_in((struct attempt){.signer = elsewhere.key}).status, STATUS_INVALID);
	cr_assert_eq(log_in((struct attempt){.wire_hash = KEYSTORE__V1__HASH__HASH_SHA384}).status,
		     STATUS_INVALID);
	cr_assert_eq(
		log_in((struct attempt){.wire_padding = KEYSTORE__V1__PADDING__PADDING_PSS}).status,
		STATUS_INVALID);
	made_cert_free(&elsewhere);
}

Test(service_login_certificate, takes_no_key_that_is_not_for_signing_data)
{
	struct made_cert wrong = make_user("anna", NULL, "keyAgreement");

	cr_assert_eq(log_in((struct attempt){.cert = &wrong}).status, STATUS_INVALID);
	made_cert_free(&wrong);
}

static struct store_rejected last_refused;

static bool take_refused(const struct store_rejected *rejected, void *user)
{
	(void)user;
	last_refused = *rejected;
	return true;
}

Test(service_login_certificate, refuses_a_certificate_that_nobody_trusts_and_lists_it)
{
	struct made_cert stranger =
		make_cert((struct made_spec){.name = "anna",
					     .not_before = time(NULL) - DAY,
					     .not_after = time(NULL) + DAY,
					     .extensions = {{NID_key_usage, "digitalSignature"}}});
	struct login refused;

	/* Even by a group that would accept whomever it does not know. */
	cr_assert_eq(group_set("opcua-user", KEYSTORE__V1__SWITCH__SWITCH_ON), STATUS_DENIED);
	struct store_group group;

	cr_assert_eq(store_group_get(bench.service.store, "opcua-user", 0, &group), STORE_OK);
	group.auto_accept = true;
	cr_assert_eq(store_group_set(bench.service.store, &group), STORE_OK);
	refused = log_in((struct attempt){.cert = &stranger});
	cr_assert_eq(refused.status, STATUS_DENIED);
	cr_assert(strstr(refused.message, "refuses the certificate"), "%s", refused.message);
	rejects_flush(bench.service.rejects);
	cr_assert_eq(store_rejected_list(bench.service.store, group.id, 0, take_refused, NULL),
		     STORE_OK);
	cr_assert_eq(last_refused.count, 1u);
	cr_assert(last_refused.reason != PATH_OK);
	made_cert_free(&stranger);
}

Test(service_login_certificate, an_unknown_user_and_a_disabled_one_sound_alike)
{
	struct made_cert nobody = make_user("nobody", NULL, "digitalSignature");
	struct made_cert bert = make_user("bert", NULL, "digitalSignature");
	struct made_cert long_name = make_user("anna and others", NULL, "digitalSignature");
	struct login unknown = log_in((struct attempt){.cert = &nobody});

	add_user("bert", true, false);
	struct login disabled = log_in((struct attempt){.cert = &bert});
	struct login misnamed = log_in((struct attempt){.cert = &long_name});

	cr_assert_eq(unknown.status, STATUS_DENIED);
	cr_assert_eq(disabled.status, STATUS_DENIED);
	cr_assert_eq(misnamed.status, STATUS_DENIED);
	cr_assert_str_eq(unknown.message, disabled.message);
	cr_assert_str_eq(unknown.message, misnamed.message);
	made_cert_free(&nobody);
	made_cert_free(&bert);
	made_cert_free(&long_name);
}

Test(service_login_certificate, a_user_who_has_to_change_his_password_does_that_first)
{
	struct made_cert bert = make_user("bert", NULL, "digitalSignature");

	add_user("bert", false, true);
	cr_assert_eq(log_in((struct attempt){.cert = &bert}).status, STATUS_CONFLICT);
	made_cert_free(&bert);
}

Test(service_login_certificate, is_for_the_users_of_opcua_servers_alone)
{
	struct client web = client_new(WEB_SERVER, WEB_SERVER);
	struct client *others[] = {&root, &other, &web};

	for (size_t i = 0; i < 3; i++) {
		struct login login = log_in((struct attempt){.client = others[i]});

		cr_assert_eq(login.status, STATUS_DENIED);
		cr_assert(strstr(login.message, "OPC UA server"), "%s", login.message);
	}
	client_close(&web);
}

Test(service_login_certificate, a_group_for_something_else_makes_nobody_a_user)
{
	cr_assert_eq(log_in((struct attempt){.group = "https"}).status, STATUS_DENIED);
	cr_assert_eq(log_in((struct attempt){.group = "nothing"}).status, STATUS_NOT_FOUND);
	/* The service's own says itself whom it trusts. */
	struct login own = log_in((struct attempt){.group = "opcua"});

	cr_assert_eq(own.status, STATUS_DENIED);
	cr_assert(strstr(own.message, "refuses"), "%s", own.message);
}

Test(service_login_certificate, attempts_slow_down_their_own_origin_alone)
{
	struct attempt wrong = {.signs = "something else", .origin = "192.0.2.1"};
	struct attempt right = {.origin = "192.0.2.1"};
	int status = STATUS_INVALID;

	for (int i = 0; i < 50 && status == STATUS_INVALID; i++)
		status = log_in(wrong).status;
	cr_assert_eq(status, STATUS_BUSY);
	cr_assert_eq(log_in(right).status, STATUS_BUSY);
	right.origin = "192.0.2.2";
	cr_assert_eq(log_in(right).status, STATUS_OK);
	clock_now += 60000000;
	right.origin = "192.0.2.1";
	cr_assert_eq(log_in(right).status, STATUS_OK);
}

Test(service_login_certificate, what_is_too_much_is_refused)
{
	static uint8_t bytes[8193];
	Keystore__V1__LoginCertificateRequest body = KEYSTORE__V1__LOGIN_CERTIFICATE_REQUEST__INIT;
	ProtobufCBinaryData chain[PATH_SENT_MAX + 1];
	uint32_t life;

	for (size_t i = 0; i <= PATH_SENT_MAX; i++)
		chain[i] = (ProtobufCBinaryData){(size_t)anna.len, anna.der};
	body.group = (char *)(uintptr_t) "opcua-user";
	body.certificate = (ProtobufCBinaryData){(size_t)anna.len, anna.der};
	body.data = (ProtobufCBinaryData){8192, bytes};
	body.signature = (ProtobufCBinaryData){1024, bytes};
	body.chain = chain;
	body.n_chain = PATH_SENT_MAX;
	struct login most = ask(&front_end, &body, &life);

	cr_assert(strstr(most.message, "signature is not that"), "%s", most.message);
	body.data.len++;
	cr_assert(strstr(ask(&front_end, &body, &life).message, "a login takes"));
	body.data.len--;
	body.signature.len++;
	cr_assert(strstr(ask(&front_end, &body, &life).message, "a login takes"));
	body.signature.len--;
	body.n_chain++;
	cr_assert(strstr(ask(&front_end, &body, &life).message, "a login takes"));
	body.n_chain--;
	body.data.len = 0;
	cr_assert(strstr(ask(&front_end, &body, &life).message, "a login takes"));
}

static char trail[512];

static bool take_entry(uint64_t seq, const struct store_audit *entry, void *user)
{
	(void)seq;
	(void)user;
	snprintf(trail, sizeof trail, "%s %s %s %s", entry->operation, entry->object, entry->status,
		 entry->detail);
	return true;
}

static void read_trail(void)
{
	audit_flush(bench.service.audit);
	cr_assert_eq(store_audit_list(bench.service.store, 0, take_entry, NULL), STORE_OK);
}

Test(service_login_certificate, the_trail_has_what_came_of_it)
{
	cr_assert_eq(log_in((struct attempt){0}).status, STATUS_OK);
	read_trail();
	cr_assert_eq(strncmp(trail, "login certificate anna ok certificate ", 38), 0, "%s", trail);
	cr_assert_eq(log_in((struct attempt){.signs = "x"}).status, STATUS_INVALID);
	read_trail();
	cr_assert_eq(strncmp(trail, "login certificate anna invalid ", 31), 0, "%s", trail);
}

static int log_in_lasting(struct client *client)
{
	Keystore__V1__LoginRequest body = KEYSTORE__V1__LOGIN_REQUEST__INIT;
	ks_pb_request request = REQUEST(LOGIN, login, &body);

	body.user = (char *)(uintptr_t) "anna";
	body.password = fake_bytes(FAKE_PASSWORD);
	body.lasting = true;
	return client_try(client, &request);
}

Test(service_login_certificate, lasting_logins_are_for_the_users_of_opcua_servers_alone)
{
	cr_assert_eq(log_in_lasting(&root), STATUS_DENIED);
	cr_assert_eq(log_in_lasting(&other), STATUS_DENIED);
}

Test(service_login_certificate, a_lasting_login_has_no_end_but_that_of_not_being_used)
{
	uint64_t idle = bench.config.idle_timeout_ms * UINT64_C(1000);
	uint32_t life = 1;
	struct login login = try_in((struct attempt){.lasting = true}, &life);

	cr_assert_eq(login.status, STATUS_OK, "%s", login.message);
	cr_assert_eq(life, 0);
	for (uint64_t passed = 0; passed < 3 * bench.config.login_lifetime_ms * UINT64_C(1000);
	     passed += idle - 1) {
		clock_now += idle - 1;
		cr_assert(is_valid(&front_end, &login));
	}
	clock_now += idle;
	cr_assert_not(is_valid(&front_end, &login));
}
