/*
 * Who may do what, asked of the service itself: every request of the protocol, from every kind
 * of caller. A request that is new needs its row in the table below.
 */
#include <criterion/criterion.h>
#include <protobuf-c/protobuf-c.h>
#include <stdio.h>
#include <string.h>

#include "../../support/fake_users.h"
#include "request_kind.h"
#include "service_user.h"
#include "store_service.h"

enum {
	SERVICE = 600,
	ADMIN = 300,
	ADMIN_GROUP = 310,
	GRANTED = 400,
	GRANTED_GROUP = 410,
	OTHER = 500,
	ANOTHER = 501,
};

/*
 * The columns. Before there are users: root, the service's user, an administrator and a member
 * of the administrators' group by configuration, anybody. With users, without a token: the same
 * four; one granted to use the key, by uid and by group, as whom an
 * OPC UA server runs; anybody. With a token, from a uid that
 * may nothing: each predefined role. With tokens that do not count: of another uid, expired, of
 * a disabled user. In local mode: an administrator logged in.
 */
#define COLUMNS "rsagu RSAG GGU aeoacw udx l"

/* y: done, or refused for another reason; n: denied; m: not in this mode. */
#define EVERYBODY    "yyyyy yyyy yyy yyyyyy nnn y"
#define VIEWERS	     "yyyyn yyyy nnn yyyynn nnn y"
#define CERTIFIERS   "yyyyn nnnn nnn yynnnn nnn y"
#define CERTIFIERS_P "yyyyn nnnn nnn yynnnn nnn m" /* in project mode only */
#define USERS	     "yynnn nnnn nnn ynnnnn nnn y"
#define USERS_P	     "yynnn nnnn nnn ynnnnn nnn m"
#define AUDITORS     "yyyyn nnnn nnn ynnynn nnn y"
#define OWNER	     "yynnn yynn nnn nnnnnn nnn n"
#define SEERS	     "yyyyn yyyy yyn yyyynn nnn y"
#define SIGNERS	     "nnnnn nnnn yyn nnnnnn nnn n"
#define SERVERS	     "nnnnn nnnn yyn nnnnnn nnn n"
#define CSR_MAKERS   "yyyyn nnnn yyn yynnnn nnn y"

#define BODY(name) KEYSTORE__V1__REQUEST__BODY_##name

static const struct {
	const char *name;
	const char *verdicts;
} expected[] = {
	[BODY(HELLO)] = {"hello", EVERYBODY},
	[BODY(STATUS)] = {"status", EVERYBODY},
	[BODY(SUBSCRIBE)] = {"subscribe", EVERYBODY},
	[BODY(RANDOM)] = {"random", EVERYBODY},
	[BODY(KEY_CREATE)] = {"key create", CERTIFIERS},
	[BODY(KEY_LIST)] = {"key list", EVERYBODY},
	[BODY(KEY_SHOW)] = {"key show", SEERS},
	[BODY(KEY_DELETE)] = {"key delete", CERTIFIERS},
	[BODY(KEY_ALLOW)] = {"key allow", CERTIFIERS},
	[BODY(KEY_PIN)] = {"key pin", CERTIFIERS},
	[BODY(KEY_EXPORT)] = {"key export", SEERS},
	[BODY(KEY_IMPORT)] = {"key import", CERTIFIERS},
	[BODY(SIGN)] = {"sign", SIGNERS},
	[BODY(DECRYPT)] = {"decrypt", SIGNERS},
	[BODY(CSR)] = {"csr", CSR_MAKERS},
	[BODY(AUDIT_LIST)] = {"audit list", AUDITORS},
	[BODY(AUDIT_VERIFY)] = {"audit verify", AUDITORS},
	[BODY(PROJECT_INIT)] = {"project init", CERTIFIERS},
	[BODY(CERT_CREATE)] = {"cert create", CERTIFIERS},
	[BODY(CERT_LIST)] = {"cert list", EVERYBODY},
	/* Of a device's certificate, as the body says. */
	[BODY(CERT_SHOW)] = {"cert show", SEERS},
	[BODY(CERT_EXPORT)] = {"cert export", SEERS},
	[BODY(CERT_RENEW)] = {"cert renew", CERTIFIERS},
	[BODY(CERT_DELETE)] = {"cert delete", CERTIFIERS},
	[BODY(CERT_IMPORT)] = {"cert import", CERTIFIERS},
	[BODY(CERT_REPLACE)] = {"cert replace", CERTIFIERS},
	[BODY(CERT_REQUEST)] = {"cert request", CERTIFIERS},
	[BODY(CERT_SIGN_CSR)] = {"ca sign", CERTIFIERS_P},
	[BODY(PROFILE_LIST)] = {"profile list", EVERYBODY},
	[BODY(CERT_DRAFT)] = {"cert draft", CERTIFIERS},
	[BODY(CERT_CHECK)] = {"cert check", SEERS},
	[BODY(CERT_REVOKE)] = {"cert revoke", CERTIFIERS_P},
	[BODY(CRL_EXPORT)] = {"crl export", EVERYBODY},
	[BODY(CRL_LIST)] = {"crl list", EVERYBODY},
	[BODY(CERT_SET_RENEWAL)] = {"cert renewal", CERTIFIERS},
	[BODY(CRL_RENEW)] = {"crl renew", CERTIFIERS_P},
	[BODY(CLOCK_CONFIRM)] = {"clock confirm", CERTIFIERS},
	/* Of a group without services. */
	[BODY(TRUST_LIST)] = {"trust list", VIEWERS},
	[BODY(TRUST_ADD)] = {"trust add", CERTIFIERS},
	[BODY(TRUST_REMOVE)] = {"trust remove", CERTIFIERS},
	[BODY(TRUST_GROUP_LIST)] = {"group list", EVERYBODY},
	[BODY(TRUST_GROUP_SET)] = {"group set", CERTIFIERS},
	[BODY(REJECTED_LIST)] = {"rejected list", VIEWERS},
	[BODY(REJECTED_TRUST)] = {"rejected trust", CERTIFIERS},
	[BODY(REJECTED_DELETE)] = {"rejected delete", CERTIFIERS},
	[BODY(VALIDATE)] = {"validate", VIEWERS},
	[BODY(TRUST_EXPORT)] = {"trust export", VIEWERS},
	[BODY(TRUST_SET)] = {"trust set", CERTIFIERS},
	[BODY(SERVICE_LIST)] = {"service list", EVERYBODY},
	[BODY(SERVICE_SET)] = {"service set", CERTIFIERS},
	[BODY(SERVICE_REMOVE)] = {"service remove", CERTIFIERS},
	[BODY(TXN_BEGIN)] = {"txn begin", CERTIFIERS},
	[BODY(TXN_APPLY)] = {"txn apply", CERTIFIERS},
	[BODY(TXN_CANCEL)] = {"txn cancel", CERTIFIERS},
	[BODY(TXN_STATUS)] = {"txn status", VIEWERS},
	[BODY(LOGIN)] = {"login", EVERYBODY},
	[BODY(LOGIN_CERTIFICATE)] = {"login certificate", SERVERS},
	[BODY(LOGOUT)] = {"logout", EVERYBODY},
	[BODY(WHOAMI)] = {"whoami", EVERYBODY},
	[BODY(PASSWORD_CHANGE)] = {"password change", EVERYBODY},
	[BODY(USER_CREATE)] = {"user create", USERS},
	[BODY(USER_LIST)] = {"user list", USERS},
	[BODY(USER_SET)] = {"user set", USERS},
	[BODY(USER_DELETE)] = {"user delete", USERS},
	[BODY(ROLE_LIST)] = {"role list", VIEWERS},
	[BODY(ROLE_SET)] = {"role set", USERS_P},
	[BODY(ROLE_DELETE)] = {"role delete", USERS_P},
	[BODY(SESSION_LIST)] = {"session list", USERS},
	[BODY(SESSION_END)] = {"session end", USERS},
	[BODY(MODE_SHOW)] = {"mode show", EVERYBODY},
	[BODY(MODE_SET)] = {"mode set", CERTIFIERS},
	[BODY(USER_VERIFY)] = {"user verify", EVERYBODY},
	[BODY(USER_RECOVER)] = {"user recover", OWNER},
};

enum token { NO_TOKEN, GOOD, OTHERS, EXPIRED, DISABLED };

static const struct caller {
	const char *what;
	uid_t uid;
	gid_t gid;
	bool has_users;
	enum token token;
	const char *role;
	bool is_local;
} callers[] = {
	{"root, without users", 0, 0, false, NO_TOKEN, NULL, false},
	{"the service's user, without users", SERVICE, OTHER, false, NO_TOKEN, NULL, false},
	{"an administrator, without users", ADMIN, OTHER, false, NO_TOKEN, NULL, false},
	{"one of the administrators, without users", OTHER, ADMIN_GROUP, false, NO_TOKEN, NULL,
	 false},
	{"anybody, without users", OTHER, OTHER, false, NO_TOKEN, NULL, false},
	{"root", 0, 0, true, NO_TOKEN, NULL, false},
	{"the service's user", SERVICE, OTHER, true, NO_TOKEN, NULL, false},
	{"an administrator", ADMIN, OTHER, true, NO_TOKEN, NULL, false},
	{"one of the administrators", OTHER, ADMIN_GROUP, true, NO_TOKEN, NULL, false},
	{"one granted by uid", GRANTED, OTHER, true, NO_TOKEN, NULL, false},
	{"one granted by group", OTHER, GRANTED_GROUP, true, NO_TOKEN, NULL, false},
	{"anybody", OTHER, OTHER, true, NO_TOKEN, NULL, false},
	{"an administrator logged in", OTHER, OTHER, true, GOOD, "administrator", false},
	{"a certificate engineer", OTHER, OTHER, true, GOOD, "certificate-engineer", false},
	{"an operator", OTHER, OTHER, true, GOOD, "operator", false},
	{"an auditor", OTHER, OTHER, true, GOOD, "auditor", false},
	{"an OPC UA user", OTHER, OTHER, true, GOOD, "opcua-user", false},
	{"a web user", OTHER, OTHER, true, GOOD, "web-user", false},
	{"root with another uid's token", 0, 0, true, OTHERS, "administrator", false},
	{"root with a token whose time is over", 0, 0, true, EXPIRED, "administrator", false},
	{"root with a disabled user's token", 0, 0, true, DISABLED, "administrator", false},
	{"an administrator logged in, in local mode", OTHER, OTHER, true, GOOD, "administrator",
	 true},
};

#define CALLERS (sizeof callers / sizeof *callers)

static char kept[TEMP_PATH_MAX]; /* the database to begin with, each time */
static uint64_t clock_now;
static struct login login;

static uint64_t test_clock(void)
{
	return clock_now;
}

static void copy(const char *from, const char *to)
{
	char command[3 * TEMP_PATH_MAX];

	snprintf(command, sizeof command, "rm -rf %s/* && cp -a %s/. %s/", to, from, to);
	cr_assert_eq(system(command), 0);
}

static void configure(void)
{
	bench.service.now = test_clock;
	bench.service.policy.service_uid = SERVICE;
}

/* A key "web" that somebody is granted, and certificate 1 for it, of a device. */
static void make_certificate(void)
{
	struct client root = client_new(0, 0);
	Keystore__V1__KeyRef ref = ref_to("web");
	Keystore__V1__CertCreateRequest create = KEYSTORE__V1__CERT_CREATE_REQUEST__INIT;
	ks_pb_request request = REQUEST(CERT_CREATE, cert_create, &create);
	struct grant by_uid = {POLICY_UID, GRANTED, POLICY_OPERATIONS};
	struct grant by_group = {POLICY_GID, GRANTED_GROUP, POLICY_OPERATIONS};
	const struct keyring_key *key = NULL;

	cr_assert_eq(client_create(&root, "web", KEYSTORE__V1__ALGORITHM__ALGORITHM_EC_P256),
		     STATUS_OK);
	create.key = &ref;
	create.profile = (char *)(uintptr_t) "tls-client";
	create.subject = (char *)(uintptr_t) "CN=web";
	cr_assert_eq(client_try(&root, &request), STATUS_OK);
	cr_assert_eq(client_allow_uid(&root, "web", 0, 0), STATUS_OK);
	cr_assert_eq(keyring_get(bench.service.keyring, "web", 0, &key), STORE_OK);
	cr_assert_eq(store_grant_set(bench.service.store, key->id, &by_uid), STORE_OK);
	cr_assert_eq(store_grant_set(bench.service.store, key->id, &by_group), STORE_OK);
	client_close(&root);
}

/* An OPC UA server whose user is who may use the key, without anything assigned to it. */
static void make_service(void)
{
	struct store_service service = {.name = "opcua",
					.kind = STORE_OPCUA_SERVER,
					.has_uid = true,
					.uid = GRANTED,
					.has_gid = true,
					.gid = GRANTED_GROUP};

	cr_assert_eq(store_service_add(bench.service.store, &service), STORE_OK);
}

static void up(void)
{
	/* A service is opened some thousand times, and the disk is not what is tested. */
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 0);
	bench_up();
	config_set(&bench.config, "access", "administrators", "300", (char[CONFIG_ERROR_MAX]){0});
	config_set(&bench.config, "access", "administrator-groups", "310",
		   (char[CONFIG_ERROR_MAX]){0});
	make_certificate();
	make_service();
	bench_stop();
	temp_dir_make(kept);
	copy(bench.dir, kept);
	clock_now = 1000000;
	bench_start();
	configure();
}

static void down(void)
{
	bench_down();
	temp_dir_remove(kept);
}

TestSuite(rights, .init = up, .fini = down, .timeout = 600);

static void add_user(const char *name, const char *role)
{
	struct store_user user = {.role_count = 1};
	uint64_t id;

	snprintf(user.name, sizeof user.name, "%s", name);
	snprintf(user.roles[0], sizeof user.roles[0], "%s", role);
	cr_assert_eq(store_user_add(bench.service.store, &user, &id), STORE_OK);
}

/* A login as it would be after the right password. */
static void log_in(const struct caller *caller)
{
	struct session session = {.uid = caller->token == OTHERS ? ANOTHER : caller->uid};
	struct store_user user;
	uint64_t id;

	cr_assert_eq(store_user_get(bench.service.store, "me", 0, &user), STORE_OK);
	session.user_id = user.id;
	session.rights = user.rights;
	memcpy(session.user, user.name, sizeof session.user);
	cr_assert(sessions_begin(bench.service.sessions, &session, clock_now, login.token, &id));
	if (caller->token == EXPIRED)
		clock_now += bench.config.idle_timeout_ms * UINT64_C(1000);
	if (caller->token == DISABLED) {
		user.is_disabled = true;
		cr_assert_eq(store_user_set(bench.service.store, &user), STORE_OK);
		cr_assert(service_users_refresh(&bench.service));
	}
}

/* The service as it was, and @caller at its door. */
static struct client arrange(const struct caller *caller)
{
	bench_stop();
	copy(kept, bench.dir);
	bench_start();
	configure();
	if (caller->has_users) {
		add_user("first", "administrator");
		add_user("me", caller->role ? caller->role : "operator");
	}
	cr_assert(service_users_refresh(&bench.service));
	bench.service.policy.is_local = caller->is_local;
	if (caller->token != NO_TOKEN)
		log_in(caller);
	return client_new(caller->uid, caller->gid);
}

static const ProtobufCFieldDescriptor *field_of(size_t number)
{
	return protobuf_c_message_descriptor_get_field(&keystore__v1__request__descriptor,
						       (unsigned)number);
}

/* The body of request @number: about key "web", certificate 1, group "https", or a new key. */
static ProtobufCMessage *body_of(size_t number, Keystore__V1__KeyRef *ref)
{
	static uint8_t fingerprint[32];
	const ProtobufCMessageDescriptor *descriptor = field_of(number)->descriptor;
	const struct request_kind *kind = request_kind_of(number);
	ProtobufCMessage *body = calloc(1, descriptor->sizeof_message);
	char *bytes = (char *)body;

	protobuf_c_message_init(descriptor, body);
	for (unsigned i = 0; i < descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &descriptor->fields[i];

		if (field->type == PROTOBUF_C_TYPE_UINT64 && strcmp(field->name, "id") == 0 &&
		    number != BODY(SESSION_END))
			*(uint64_t *)(void *)(bytes + field->offset) = 1;
		if (field->type == PROTOBUF_C_TYPE_STRING && strcmp(field->name, "group") == 0)
			*(const char **)(void *)(bytes + field->offset) = "https";
		if (field->type == PROTOBUF_C_TYPE_BYTES && field->label == PROTOBUF_C_LABEL_NONE &&
		    (strcmp(field->name, "fingerprint") == 0 ||
		     strcmp(field->name, "candidate") == 0))
			*(ProtobufCBinaryData *)(void *)(bytes + field->offset) =
				(ProtobufCBinaryData){sizeof fingerprint, fingerprint};
		if (strcmp(field->name, "purpose") == 0)
			*(int *)(void *)(bytes + field->offset) = 1;
	}
	if (kind->key_at != REQUEST_NOWHERE)
		*(Keystore__V1__KeyRef **)(void *)(bytes + kind->key_at) = ref;
	if (kind->name_at != REQUEST_NOWHERE)
		*(const char **)(void *)(bytes + kind->name_at) = "fresh";
	return body;
}

static char ask(struct client *client, const struct caller *caller, size_t number, char said[256])
{
	Keystore__V1__KeyRef ref = ref_to("web");
	ProtobufCMessage *body = body_of(number, &ref);
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;
	char verdict = 'y';

	request.body_case = (Keystore__V1__Request__BodyCase)number;
	request.hello = (Keystore__V1__HelloRequest *)body;
	fake_token(&request, caller->token == NO_TOKEN ? NULL : &login);
	ks_pb_reply *reply = client_ask(client, &request);

	cr_assert_not_null(reply, "%s: no answer", request_kind_of(number)->name);
	snprintf(said, 256, "%s", reply->message);
	if ((int)reply->status == STATUS_DENIED)
		verdict = 'n';
	else if ((int)reply->status == STATUS_CONFLICT && strstr(said, "not for local mode"))
		verdict = 'm';
	codec_reply_free(reply);
	free(body);
	return verdict;
}

/* The columns without the blanks that are for the eye. */
static char column(const char *verdicts, size_t caller)
{
	for (; *verdicts; verdicts++) {
		if (*verdicts != ' ' && caller-- == 0)
			return *verdicts;
	}
	return '?';
}

Test(rights, each_request_has_its_row_and_each_row_its_columns)
{
	for (size_t number = 0; number < request_kind_count(); number++) {
		const struct request_kind *kind = request_kind_of(number);

		if (!kind->handle)
			continue;
		cr_assert(number < sizeof expected / sizeof *expected && expected[number].name,
			  "request %zu, \"%s\", is new: say in this file who may use it", number,
			  kind->name);
		cr_assert_str_eq(expected[number].name, kind->name);
		cr_assert_eq(strlen(expected[number].verdicts), strlen(COLUMNS), "%s", kind->name);
	}
	cr_assert_eq(column(COLUMNS, CALLERS - 1), 'l');
	cr_assert_eq(column(COLUMNS, CALLERS), '?');
}

Test(rights, each_request_is_answered_to_those_who_may_and_denied_to_the_others)
{
	unsigned wrong = 0;

	for (size_t number = 0; number < sizeof expected / sizeof *expected; number++) {
		if (!expected[number].name)
			continue;
		for (size_t i = 0; i < CALLERS; i++) {
			struct client client = arrange(&callers[i]);
			char said[256];
			char verdict = ask(&client, &callers[i], number, said);
			char right = column(expected[number].verdicts, i);

			cr_expect_eq(verdict, right, "\"%s\" by %s: %c instead of %c: %s",
				     expected[number].name, callers[i].what, verdict, right, said);
			wrong += verdict != right;
			client_close(&client);
		}
	}
	cr_assert_eq(wrong, 0u);
}
