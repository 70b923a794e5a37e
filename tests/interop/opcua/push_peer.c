/*
 * opcua-push_peer SOCKET PORT USER PASSWORD SERVICE HTTPS_SERVICE USER_GROUP [MODE [CERTIFICATE]]: a
 * server of open62541 with ServerConfiguration and nothing else, in which every session is that of
 * USER, with MODE (3: encrypted) whatever its channel is. What is logged goes to standard output.
 */
#include <open62541/plugin/accesscontrol_default.h>
#include <open62541/server_config_default.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "push.h"

struct peer {
	struct session session;
	struct push *push;
};

static struct session *caller(void *user)
{
	struct peer *peer = user;

	return &peer->session;
}

static void applied(void *user)
{
	(void)user;
	printf("applied\n");
	fflush(stdout);
}

static void told(const char *message, void *user)
{
	(void)user;
	printf("%s\n", message);
	fflush(stdout);
}

static bool log_in(struct session *session, const char *socket, const char *user,
		   const char *password)
{
	struct ks_client *client = NULL;
	struct ks_result *result = NULL;
	bool is_in = ks_connect(socket, &client) == KS_OK &&
		     ks_login(client, user, (const uint8_t *)password, strlen(password), NULL,
			      &result) == KS_OK;

	if (is_in) {
		session->token_len = result->login->token_len;
		memcpy(session->token, result->login->token, session->token_len);
		session->rights = result->users->rights;
		snprintf(session->user, sizeof session->user, "%s", user);
		strcpy(session->address, "192.0.2.1");
	} else {
		fprintf(stderr, "no login: %s\n", result ? result->message : "no connection");
	}
	ks_result_free(result);
	if (client)
		ks_close(client);
	return is_in;
}

static void take_certificate(struct session *session, const char *name)
{
	FILE *file = fopen(name, "rb");

	session->certificate = malloc(65536);
	if (file && session->certificate)
		session->certificate_len = fread(session->certificate, 1, 65536, file);
	if (file)
		fclose(file);
}

/* The session that there is, whichever: by its end the transaction ends. */
static void on_close(UA_Server *server, UA_AccessControl *control, const UA_NodeId *session,
		     void *context)
{
	void *peer = NULL;

	(void)control;
	(void)session;
	(void)context;
	peer = UA_Server_getConfig(server)->context;
	push_session_ended(((struct peer *)peer)->push, &((struct peer *)peer)->session);
}

static int on_term(sd_event_source *source, const struct signalfd_siginfo *info, void *user)
{
	(void)info;
	(void)user;
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

int main(int argc, char **argv)
{
	struct peer peer = {.session.mode = UA_MESSAGESECURITYMODE_SIGNANDENCRYPT};
	UA_ServerConfig config;
	sd_event *event = NULL;
	sigset_t signals;

	if (argc < 8 || !log_in(&peer.session, argv[1], argv[3], argv[4]))
		return 2;
	if (argc > 8)
		peer.session.mode = (UA_MessageSecurityMode)atoi(argv[8]);
	if (argc > 9)
		take_certificate(&peer.session, argv[9]);
	peer.session.id = UA_NODEID_NUMERIC(1, 4711);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	sd_event_default(&event);
	sd_event_add_signal(event, NULL, SIGTERM, on_term, NULL);
	memset(&config, 0, sizeof config);
	UA_ServerConfig_setMinimal(&config, (UA_UInt16)atoi(argv[2]), NULL);
	config.context = &peer;
	config.accessControl.closeSession = on_close;
	push_prepare(&config);
	UA_Server *server = UA_Server_newWithConfig(&config);

	UA_Server_run_startup(server);
	const struct push_options options = {.server = server,
					     .socket = argv[1],
					     .service = argv[5],
					     .https_service = argv[6],
					     .user_group = argv[7],
					     .trust_list_max = 16 * 1024 * 1024,
					     .caller = caller,
					     .applied = applied,
					     .log = told,
					     .user = &peer};

	peer.push = push_new(event, &options);
	push_uplink_up(peer.push);
	printf("ready\n");
	fflush(stdout);
	while (sd_event_get_state(event) != SD_EVENT_FINISHED) {
		sd_event_run(event, 2000);
		UA_Server_run_iterate(server, false);
	}
	UA_Server_run_shutdown(server);
	push_free(peer.push);
	UA_Server_delete(server);
	sd_event_unref(event);
	free(peer.session.certificate);
	return 0;
}
