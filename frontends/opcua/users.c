#include "users.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gate.h"

#define ASK_US	    UINT64_C(60000000)
#define DEADLINE_MS 5000

/* Lives until keystored has answered the question that is under way. */
struct person {
	struct session session; /* first: it is what others have of it */
	struct person *next;
	struct users *users;
	bool is_asked, is_closed;
};

struct users {
	struct users_options options;
	sd_event_source *timer;
	struct person *people;
	struct ks_client *client; /* for what has to wait; NULL: not connected */
};

static const struct ks_options waiting = {.deadline_ms = DEADLINE_MS,
					  .priority = KS_PRIORITY_URGENT};

static struct ks_client *client_of(struct users *users, char message[USERS_MESSAGE_MAX])
{
	if (!users->client)
		users->client = uplink_connect(users->options.socket, message);
	if (users->client)
		ks_set_options(users->client, &waiting);
	return users->client;
}

static void on_logged_out(const struct ks_result *result, void *user)
{
	(void)result;
	(void)user;
}

/* Nobody waits for it: a login that is left ends by itself, later. */
static void end_login(struct users *users, uint8_t *token, size_t len)
{
	struct ks_client *client =
		len ? uplink_client_as(users->options.uplink, &waiting, token, len) : NULL;

	if (client)
		(void)ks_logout_start(client, on_logged_out, NULL);
	uplink_sends(users->options.uplink);
	explicit_bzero(token, UPLINK_TOKEN_MAX);
}

struct session *users_open(struct users *users)
{
	struct person *person = calloc(1, sizeof(*person));

	if (!person)
		return NULL;
	person->users = users;
	person->next = users->people;
	users->people = person;
	return &person->session;
}

struct session *users_alone(const struct users *users, uint64_t connection)
{
	struct session *found = NULL;

	for (struct person *person = users->people; person; person = person->next) {
		if (!connection || person->is_closed || person->session.connection != connection)
			continue;
		if (found)
			return NULL;
		found = &person->session;
	}
	return found;
}

static void person_free(struct person *person)
{
	struct person **link = &person->users->people;

	while (*link != person)
		link = &(*link)->next;
	*link = person->next;
	UA_NodeId_clear(&person->session.id);
	free(person->session.certificate);
	explicit_bzero(person, sizeof(*person));
	free(person);
}

void users_close(struct users *users, struct session *session)
{
	struct person *person = (struct person *)session;

	if (!session)
		return;
	end_login(users, session->token, session->token_len);
	session->token_len = 0;
	session->rights = 0;
	person->is_closed = true;
	if (!person->is_asked)
		person_free(person);
}

/* The session becomes somebody's; the login of before is over. */
static void set_user(struct users *users, struct session *session, const char *name,
		     unsigned rights)
{
	end_login(users, session->token, session->token_len);
	session->token_len = 0;
	snprintf(session->user, sizeof(session->user), "%s", name);
	session->rights = rights;
}

void users_let_in(struct users *users, struct session *session, unsigned rights)
{
	set_user(users, session, "", rights);
}

/* What the gate has not asked for, since it was not to be expected. */
static void ask(struct users *users, const char *user, const UA_ByteString *password,
		const char *address, struct gate_login *login)
{
	const struct ks_login_order order = {
		.lasting = true,
		.origin = *address ? address : NULL,
		.user = user,
		.password = password->data,
		.password_len = password->length,
	};
	struct ks_client *client;
	struct ks_result *result = NULL;

	*login = (struct gate_login){.status = KS_UNREACHABLE};
	client = client_of(users, login->message);
	if (!client)
		return;
	login->status = ks_login_order(client, &order, &result);
	snprintf(login->message, sizeof(login->message), "%s", result ? result->message : "");
	if (login->status == KS_OK && result->user_count &&
	    result->login->token_len <= UPLINK_TOKEN_MAX) {
		snprintf(login->user, sizeof(login->user), "%s", result->users[0].name);
		login->rights = result->users[0].rights;
		login->must_change = result->users[0].must_change;
		login->token_len = result->login->token_len;
		memcpy(login->token, result->login->token, login->token_len);
	} else if (login->status == KS_OK) {
		login->status = KS_PROTOCOL;
	}
	ks_result_free(result);
}

/* Whoever is refused learns no more than that; keystored's own troubles are none of his. */
static UA_StatusCode code_of(enum ks_status status)
{
	bool is_verdict = status == KS_DENIED || status == KS_NOT_FOUND || status == KS_INVALID;

	return is_verdict ? UA_STATUSCODE_BADIDENTITYTOKENREJECTED
			  : UA_STATUSCODE_BADRESOURCEUNAVAILABLE;
}

/* Why who is known may not come in; NULL: he may. */
static const char *refusal(const struct gate_login *login, unsigned needed)
{
	if (login->must_change)
		return "the password has to be changed first: keystorectl user passwd, or in the "
		       "web pages";
	if (!(login->rights & KS_RIGHT_OPCUA_ACCESS))
		return "none of this user's roles has the right opcua-access";
	if ((login->rights & needed) != needed)
		return "the server is being set up, and that takes a user with manage-certs and "
		       "manage-trust";
	return NULL;
}

/* @login's token is the session's, or over. */
static UA_StatusCode take(struct users *users, struct session *session, struct gate_login *login,
			  unsigned needed, char message[USERS_MESSAGE_MAX])
{
	const char *why = refusal(login, needed);

	if (login->status != KS_OK) {
		snprintf(message, USERS_MESSAGE_MAX, "%s", login->message);
		return code_of(login->status);
	}
	if (why) {
		snprintf(message, USERS_MESSAGE_MAX, "%s", why);
		end_login(users, login->token, login->token_len);
		return UA_STATUSCODE_BADUSERACCESSDENIED;
	}
	set_user(users, session, login->user, login->rights);
	memcpy(session->token, login->token, login->token_len);
	session->token_len = login->token_len;
	explicit_bzero(login, sizeof(*login));
	return UA_STATUSCODE_GOOD;
}

UA_StatusCode users_log_in(struct users *users, struct session *session, const UA_String *name,
			   const UA_ByteString *password, unsigned needed,
			   char message[USERS_MESSAGE_MAX])
{
	char user[SESSION_USER_MAX + 1];
	struct gate_login login;

	if (!name->length || name->length > SESSION_USER_MAX ||
	    memchr(name->data, '\0', name->length)) {
		snprintf(message, USERS_MESSAGE_MAX, "there can be no user of that name");
		return UA_STATUSCODE_BADIDENTITYTOKENINVALID;
	}
	memcpy(user, name->data, name->length);
	user[name->length] = '\0';
	if (!gate_login_take(users->options.gate, name, password, &login))
		ask(users, user, password, session->address, &login);
	return take(users, session, &login, needed, message);
}

UA_StatusCode users_certify(struct users *users, struct session *session, const UA_ByteString *cert,
			    unsigned needed, char message[USERS_MESSAGE_MAX])
{
	struct gate_login login;

	if (gate_login_take_certificate(users->options.gate, cert, &login))
		return take(users, session, &login, needed, message);
	snprintf(message, USERS_MESSAGE_MAX,
		 "keystored was not asked: too much waits, or it is away");
	return UA_STATUSCODE_BADRESOURCEUNAVAILABLE;
}

/* Why what he may by now is too little for his session; NULL: it goes on. */
static const char *shortcoming(const struct users *users, const struct session *session,
			       bool is_over)
{
	if (is_over)
		return "the login is over";
	if (!(session->rights & KS_RIGHT_OPCUA_ACCESS))
		return "the right opcua-access was taken away";
	if (gate_is_newcomer(users->options.gate, session->connection) &&
	    !session_is_security_admin(session))
		return "nobody trusts its client, and the user may not set the server up any more";
	return NULL;
}

static void on_whoami(const struct ks_result *result, void *user)
{
	struct person *person = user;
	struct session *session = &person->session;
	const char *why;
	bool is_over;

	person->is_asked = false;
	if (person->is_closed) {
		person_free(person);
		return;
	}
	/* keystored away, or busy: what he may is what it was. */
	if (!session->token_len || (result->status != KS_OK && result->status != KS_DENIED))
		return;
	is_over = result->status == KS_DENIED || strcmp(result->whoami->user, session->user) != 0;
	session->rights = is_over ? 0 : result->whoami->rights;
	why = shortcoming(person->users, session, is_over);
	if (why) {
		session->rights = 0;
		person->users->options.over(session, why, person->users->options.user);
	}
}

static void ask_again(struct person *person)
{
	const struct ks_options options = {.deadline_ms = DEADLINE_MS};
	struct session *session = &person->session;
	struct ks_client *client;

	if (person->is_asked || person->is_closed || !session->token_len)
		return;
	client = uplink_client_as(person->users->options.uplink, &options, session->token,
				  session->token_len);
	person->is_asked = client && ks_whoami_start(client, on_whoami, person) == KS_OK;
	uplink_sends(person->users->options.uplink);
}

void users_uplink_up(struct users *users)
{
	for (struct person *person = users->people; person; person = person->next)
		ask_again(person);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *user)
{
	struct users *users = user;

	(void)usec;
	users_uplink_up(users);
	(void)sd_event_source_set_time_relative(source, ASK_US);
	(void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

struct users *users_new(sd_event *event, const struct users_options *options)
{
	struct users *users = calloc(1, sizeof(*users));

	if (!users)
		return NULL;
	users->options = *options;
	if (sd_event_add_time_relative(event, &users->timer, CLOCK_MONOTONIC, ASK_US, 0, on_timer,
				       users) >= 0)
		return users;
	users_free(users);
	return NULL;
}

void users_free(struct users *users)
{
	if (!users)
		return;
	while (users->people)
		person_free(users->people);
	sd_event_source_disable_unref(users->timer);
	ks_close(users->client);
	free(users);
}
