/*
 * What a section says of TLS: what this side shows, and whom it takes; or that it is plain. Hides
 * which certificate reference means what in which role.
 */
#ifndef OUC_SECURITY_H
#define OUC_SECURITY_H

#include <systemd/sd-event.h>

#include "settings.h"
#include "stream.h"
#include "tls.h"

struct security {
	struct tls_identity *identity; /* NULL: plain */
	struct tls_peer peer;
	void (*changed)(void *user);
	void *user;
};

/*
 * @tls: NULL where the section is plain. @changed: its readiness, from the loop. @security stays
 * where it is. False: no memory.
 */
[[nodiscard]] bool security_init(struct security *security, struct tls *tls,
				 const struct connection_settings *settings,
				 void (*changed)(void *user), void *user);
void security_clear(struct security *security); /* zeros are fine; its streams go on */

/* @message: what is wrong with the own certificate; "": it is READY. */
enum tls_identity_state security_state(const struct security *security,
				       char message[TLS_MESSAGE_MAX]);

/* As stream_tls(), or stream_plain(). */
struct stream *security_stream(struct security *security, sd_event *event, int fd,
			       const char *address, const struct stream_handler *handler,
			       void *user);

/* Why there was none, by its errno. */
const char *security_no_stream(int error);

#endif
