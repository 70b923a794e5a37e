/*
 * opcua-policy_peer SCENARIO: our security policies against open62541's own, which are another
 * implementation (MbedTLS). Ends with 0 if all of it held; tells what did not otherwise.
 *
 * A program of its own, without Criterion: that brings libgit2 and so, in Debian 12, another
 * version of MbedTLS with the same symbols.
 */
#include "two_parties.h"

#define ALL_KINDS ((1u << POLICY_COUNT) - 1)
#define GRACE_S	  600
#define SERVER	  "URI:urn:server,IP:127.0.0.1"

/* Keys of every number that a scenario asks for are made once. */
struct scene {
	struct rsa_cert server_a, server_b, client, user;
	struct party_keys server_keys, client_keys;
	struct party_server server;
};

static void scene_init_sizes(struct scene *scene, unsigned a, unsigned b, unsigned client)
{
	*scene = (struct scene){
		.server_a = rsa_cert_make(a, "server a", SERVER, NULL),
		.server_b = rsa_cert_make(b, "server b", SERVER, NULL),
		.client = rsa_cert_make(client, "client", "URI:urn:client", NULL),
		.user = rsa_cert_make(client, "user", "email:operator@example.org", NULL),
	};
	scene->server_keys =
		(struct party_keys){.certs = {&scene->server_a, &scene->server_b}, .count = 2};
	scene->client_keys = (struct party_keys){.certs = {&scene->client}, .count = 1};
}

static void scene_init(struct scene *scene)
{
	scene_init_sizes(scene, 2048, 2048, 2048);
}

static void scene_clear(struct scene *scene)
{
	party_server_stop(&scene->server);
	rsa_cert_clear(&scene->server_a);
	rsa_cert_clear(&scene->server_b);
	rsa_cert_clear(&scene->client);
	rsa_cert_clear(&scene->user);
}

/* What our server's late signatures wait for, in front of the sockets. */
struct out {
	UA_StatusCode (*send)(UA_ConnectionManager *manager, uintptr_t id,
			      const UA_KeyValueMap *parameters, UA_ByteString *chunk);
	struct party_keys *keys;
};
static struct out out;

static void finish(struct policy_late *late, const UA_ByteString *chunk)
{
	uint8_t signature[512];
	struct policy_order order;

	policy_late_order(late, &order);
	party_good(party_sign(&order, signature, out.keys), "late signature");
	party_expect(policy_late_finish(late, signature, chunk->data, chunk->length),
		     "late answer");
	policy_late_free(late);
	out.keys->lates++;
}

static UA_StatusCode send_signed(UA_ConnectionManager *manager, uintptr_t id,
				 const UA_KeyValueMap *parameters, UA_ByteString *chunk)
{
	for (size_t i = 0; i < PARTY_CHANNELS; i++) {
		struct policy_late *late =
			out.keys->channels[i] ? policy_channel_late(out.keys->channels[i]) : NULL;

		if (late)
			finish(late, chunk);
	}
	return out.send(manager, id, parameters, chunk);
}

static void sign_late(struct scene *scene)
{
	UA_EventLoop *loop = UA_Server_getConfig(scene->server.server)->eventLoop;
	const UA_String tcp = UA_STRING_STATIC("tcp");

	for (UA_EventSource *source = loop->eventSources; source; source = source->next) {
		UA_ConnectionManager *manager = (UA_ConnectionManager *)source;

		if (source->eventSourceType != UA_EVENTSOURCETYPE_CONNECTIONMANAGER ||
		    !UA_String_equal(&manager->protocol, &tcp))
			continue;
		out = (struct out){.send = manager->sendWithConnection,
				   .keys = &scene->server_keys};
		manager->sendWithConnection = send_signed;
	}
	party_expect(out.send != NULL, "no TCP");
	scene->server_keys.is_late = true;
}

static void our_server(struct scene *scene)
{
	scene->server.set =
		policy_set_new(ALL_KINDS, party_logger(), &party_server_keys, &scene->server_keys);
	party_expect(scene->server.set != NULL, "no policies");
	party_show(scene->server.set, &scene->server_keys, 0, 0);
	party_server_start(&scene->server, 0, NULL);
}

static struct party_client our_client(struct scene *scene, enum policy_id id)
{
	struct party_client client = {
		.id = id,
		.cert = &scene->client,
		.set = policy_set_new(1u << POLICY_NONE | 1u << id, party_logger(),
				      &party_client_keys, &scene->client_keys),
	};

	party_expect(client.set != NULL, "no policies");
	party_show(client.set, &scene->client_keys, 0, 0);
	return client;
}

static struct party_client their_client(const struct scene *scene, enum policy_id id)
{
	return (struct party_client){.id = id, .cert = &scene->client};
}

/* Connects, reads, renews twice, reads. */
static void use(struct scene *scene, struct party_client *client)
{
	char what[128];

	snprintf(what, sizeof(what), "%s, mode %d, %s", policy_kind(client->id)->name,
		 (int)client->mode,
		 client->is_user ? "user"
		 : client->user	 ? "certificate"
				 : "anonymous");
	party_expect(party_connect(&scene->server, client), what);
	party_expect(party_read(&scene->server, client), what);
	for (int i = 0; i < 2; i++) {
		party_wait();
		party_expect(party_renew(&scene->server, client), what);
	}
	party_client_stop(&scene->server, client);
	printf("%s: good\n", what);
}

/* The least and the most that a policy is used for. */
static int first_mode(unsigned id)
{
	return id == POLICY_NONE ? UA_MESSAGESECURITYMODE_NONE : UA_MESSAGESECURITYMODE_SIGN;
}

static int last_mode(unsigned id)
{
	return id == POLICY_NONE ? UA_MESSAGESECURITYMODE_NONE
				 : UA_MESSAGESECURITYMODE_SIGNANDENCRYPT;
}

static void use_every(struct scene *scene, bool is_ours)
{
	for (unsigned id = 0; id < POLICY_COUNT; id++)
		for (int mode = first_mode(id); mode <= last_mode(id); mode++)
			/* Without security a token takes another policy, which they don't have. */
			for (int token = 0; token < (id == POLICY_NONE ? 1 : 3); token++) {
				struct party_client client =
					is_ours ? our_client(scene, (enum policy_id)id)
						: their_client(scene, (enum policy_id)id);

				client.mode = (UA_MessageSecurityMode)mode;
				client.is_user = token == 1;
				client.user = token == 2 ? &scene->user : NULL;
				use(scene, &client);
				policy_set_free(client.set);
			}
}

static void server_against_their_clients(void)
{
	struct scene scene;

	scene_init(&scene);
	our_server(&scene);
	use_every(&scene, false);
	scene_clear(&scene);
}

static void server_signing_late(void)
{
	struct scene scene;

	scene_init(&scene);
	our_server(&scene);
	sign_late(&scene);
	use_every(&scene, false);
	/* An opening and two renewals of each of five policies, two modes, three tokens. */
	party_expect(scene.server_keys.lates == 5 * 2 * 3 * 3, "answers signed late");
	scene_clear(&scene);
}

static void clients_against_their_server(void)
{
	struct scene scene;

	scene_init(&scene);
	party_server_start(&scene.server, ALL_KINDS, &scene.server_a);
	use_every(&scene, true);
	scene_clear(&scene);
}

/* A client that knows the server's certificate of before, and does not ask for another. */
static struct party_client client_of_old(const struct scene *scene, enum policy_id id,
					 struct own_cert *old)
{
	struct party_client client = their_client(scene, id);

	client.endpoint = old;
	client.is_user = true;
	client.mode = UA_MESSAGESECURITYMODE_SIGNANDENCRYPT;
	return client;
}

static bool is_shown(const struct party_server *server, const struct own_cert *own)
{
	size_t count;
	const UA_SecurityPolicy *sps = policy_set_policies(server->set, &count);

	for (size_t i = 0; i < count; i++)
		if (sps[i].localCertificate.length != own->chain_len ||
		    memcmp(sps[i].localCertificate.data, own->chain, own->chain_len) != 0)
			return false;
	return true;
}

static bool is_user_again(struct party_client *client)
{
	UA_SessionState session;
	UA_StatusCode status = party_state(client, &session);

	return status != UA_STATUSCODE_GOOD || session == UA_SESSIONSTATE_ACTIVATED;
}

/* Another certificate while a session is open; the old one is good for a while, and then not. */
static void swap_of(struct scene *scene, enum policy_id id)
{
	struct own_cert *old = party_own(&scene->server_keys, 0, NULL);
	struct own_cert *new = party_own(&scene->server_keys, 1, NULL);
	struct party_client before = client_of_old(scene, id, old), late = before, after = before;
	struct party_server *server = &scene->server;

	before.endpoint = after.endpoint = NULL;
	party_expect(party_connect(server, &before) && party_read(server, &before), "before");
	party_show(server->set, &scene->server_keys, 1, GRACE_S);
	party_expect(is_shown(server, new), "the new one is not shown");
	party_expect(party_read(server, &before), "a session is lost");

	/* With what a client has looked up before: channel, session, password. */
	party_expect(party_connect(server, &late), "the old one is not good any more");
	party_expect(party_read(server, &late), "reading by the old one");
	party_expect(is_shown(server, new), "the old one is still shown after a session's start");
	party_client_stop(server, &late);

	party_wait();
	party_expect(party_renew(server, &before), "renewal by the old one");
	party_expect(is_shown(server, new), "the old one is still shown after a renewal");
	party_good(UA_Client_activateCurrentSessionAsync(before.client), "activating again");
	party_expect(party_until(server, &before, is_user_again) && party_read(server, &before),
		     "activating again by the old one");

	party_expect(party_connect(server, &after), "the new one is not good");
	party_wait();
	party_expect(party_renew(server, &after), "renewal by the new one");
	party_expect(party_renew(server, &before), "a second renewal by the old one");

	/* And now for those that are late. */
	scene->server_keys.now_ms += GRACE_S * 1000;
	party_expect(party_read(server, &before), "a channel has ended before its renewal");
	party_wait();
	party_expect(!party_renew(server, &before), "renewal past the grace");
	party_expect(party_renew(server, &after), "renewal by the new one, later");
	party_client_stop(server, &before);
	party_client_stop(server, &after);
	party_expect(!party_connect(server, &late), "the old one is good past its grace");
	party_client_stop(server, &late);

	party_show(server->set, &scene->server_keys, 0, 0);
	printf("%s: swapped\n", policy_kind(id)->name);
	own_cert_free(old);
	own_cert_free(new);
}

static void swap_every(bool is_late)
{
	struct scene scene;

	scene_init(&scene);
	our_server(&scene);
	if (is_late)
		sign_late(&scene);
	for (unsigned id = POLICY_BASIC128RSA15; id < POLICY_COUNT; id++)
		swap_of(&scene, (enum policy_id)id);
	scene_clear(&scene);
}

static void swap(void)
{
	swap_every(false);
}

static void late_swap(void)
{
	swap_every(true);
}

/* More than 2048 bits: a padding's length has a second byte. */
static void sizes(void)
{
	static const unsigned bits[][3] = {{2048, 3072, 4096}, {4096, 2048, 2048}};

	for (size_t i = 0; i < 2; i++) {
		struct scene scene;
		struct party_client client;

		scene_init_sizes(&scene, bits[i][0], bits[i][1], bits[i][2]);
		our_server(&scene);
		swap_of(&scene, POLICY_AES256_SHA256_RSAPSS);
		sign_late(&scene);
		swap_of(&scene, POLICY_BASIC256SHA256);
		party_server_stop(&scene.server);
		party_server_start(&scene.server, ALL_KINDS, &scene.server_a);
		client = our_client(&scene, POLICY_BASIC256SHA256);
		client.mode = UA_MESSAGESECURITYMODE_SIGNANDENCRYPT;
		client.is_user = true;
		use(&scene, &client);
		policy_set_free(client.set);
		scene_clear(&scene);
	}
}

/* A client of ours whose certificate has its issuer behind it. */
static void chain(void)
{
	struct rsa_cert root = rsa_cert_make(2048, "root", NULL, NULL);
	struct rsa_cert issuer = rsa_cert_make(2048, "issuer", NULL, &root);
	struct own_cert *own;
	struct party_client client;
	struct scene scene;

	scene_init(&scene);
	own = party_own(&scene.client_keys, 0, &issuer);
	for (int is_ours = 0; is_ours < 2; is_ours++) {
		if (is_ours)
			our_server(&scene);
		else
			party_server_start(&scene.server, ALL_KINDS, &scene.server_a);
		client = our_client(&scene, POLICY_BASIC256SHA256);
		policy_set_show(client.set, own, 0);
		client.mode = UA_MESSAGESECURITYMODE_SIGN;
		use(&scene, &client);
		policy_set_free(client.set);
		if (!is_ours)
			party_server_stop(&scene.server);
	}
	scene_clear(&scene);
	own_cert_free(own);
	rsa_cert_clear(&root);
	rsa_cert_clear(&issuer);
}

static void lifetime_of(struct scene *scene, enum policy_id id)
{
	struct party_client client = their_client(scene, id);

	client.mode = id == POLICY_NONE ? UA_MESSAGESECURITYMODE_NONE : UA_MESSAGESECURITYMODE_SIGN;
	client.lifetime_ms = 1000;
	party_expect(party_connect(&scene->server, &client), "connect");
	party_ahead_s += 200;
	party_expect(!party_renew(&scene->server, &client), "renewed already");
	party_expect(party_read(&scene->server, &client), "a second was taken for a second");
	party_ahead_s += 40;
	party_expect(party_renew(&scene->server, &client), "renewed after 225 seconds of 300");
	party_client_stop(&scene->server, &client);
}

static void lifetime(void)
{
	struct scene scene;

	scene_init(&scene);
	our_server(&scene);
	policy_set_lifetime(scene.server.set, 300000);
	lifetime_of(&scene, POLICY_NONE);
	lifetime_of(&scene, POLICY_BASIC256SHA256);
	scene_clear(&scene);
}

static const struct {
	const char *name;
	void (*run)(void);
} scenarios[] = {
	{"server", server_against_their_clients},
	{"late", server_signing_late},
	{"client", clients_against_their_server},
	{"swap", swap},
	{"late swap", late_swap},
	{"sizes", sizes},
	{"chain", chain},
	{"lifetime", lifetime},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(*scenarios); i++)
		if (argc == 2 && strcmp(argv[1], scenarios[i].name) == 0) {
			scenarios[i].run();
			return 0;
		}
	fprintf(stderr, "usage: opcua-policy_peer SCENARIO\n");
	return 2;
}
