#include "security.h"

#include <errno.h>
#include <stdio.h>

static void on_identity(const struct tls_identity_status *status, void *user)
{
	struct security *security = user;

	(void)status;
	/* Told before it has a name: what is asked then is asked when it is there. */
	if (security->identity)
		security->changed(security->user);
}

bool security_init(struct security *security, struct tls *tls,
		   const struct connection_settings *settings, void (*changed)(void *user),
		   void *user)
{
	bool is_client = settings->is_active;

	*security = (struct security){
		.peer =
			{
				.is_server = is_client,
				.group = settings->group,
				.host = is_client && settings->checks_name ? settings->remote
									   : NULL,
				/* The other side's reference is to what has to be on its path. */
				.anchor_id =
					is_client ? settings->server_cert : settings->client_cert,
				.may_be_anonymous = !is_client && !settings->wants_client_cert,
				.allows_tls12 = settings->allows_tls12,
				/* What TSEND_C says is sent is not to be lost with a refusal. */
				.awaits_acceptance = is_client && !settings->is_forward,
			},
		.changed = changed,
		.user = user,
	};
	if (!settings->is_secure)
		return true;
	security->identity =
		tls_identity_new(tls, is_client ? settings->client_cert : settings->server_cert,
				 on_identity, security);
	return security->identity != NULL;
}

void security_clear(struct security *security)
{
	tls_identity_free(security->identity);
	security->identity = NULL;
}

enum tls_identity_state security_state(const struct security *security,
				       char message[TLS_MESSAGE_MAX])
{
	struct tls_identity_status status = {.state = TLS_IDENTITY_READY};

	if (security->identity)
		status = tls_identity_status(security->identity);
	snprintf(message, TLS_MESSAGE_MAX, "%s",
		 status.state == TLS_IDENTITY_READY ? "" : status.message);
	return status.state;
}

struct stream *security_stream(struct security *security, sd_event *event, int fd,
			       const char *address, const struct stream_handler *handler,
			       void *user)
{
	if (!security->identity)
		return stream_plain(event, fd, handler, user);
	return stream_tls(security->identity, fd, &security->peer, address, handler, user);
}

const char *security_no_stream(int error)
{
	switch (error) {
	case EAGAIN:
		return "as many TLS handshakes as are allowed are under way";
	case ENOKEY:
		return "the own certificate is not ready";
	default:
		return "there is no memory for a connection";
	}
}
