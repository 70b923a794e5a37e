/*
 * What the control socket answers, keystore-ouc(8) has its form, and what commands do to a
 * station. Hides who may change what, and when a message is sent.
 */
#ifndef OUC_CONTROL_REPLY_H
#define OUC_CONTROL_REPLY_H

#include "control_command.h"
#include "station.h"

enum control_error {
	CONTROL_INVALID,   /* no such command */
	CONTROL_NOT_FOUND, /* no such connection or block */
	CONTROL_REFUSED,   /* it is not for that */
	CONTROL_BUSY,	   /* the message before is not sent yet */
	CONTROL_FAILED,	   /* the message was not sent */
	CONTROL_LIMIT,	   /* too many clients, too long a line */
	CONTROL_SLOW,	   /* the client does not read */
	CONTROL_NOMEM,
};

/* NULL: no memory. */
json_t *control_fail(enum control_error error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Does what @command, none of list and watch, wants. The reply; NULL: no memory, or not yet:
 * then *ret_waits_for is the connection that has to be done first.
 */
json_t *control_do(const struct control_command *command, const struct settings *settings,
		   struct station *station, struct connection **ret_waits_for);

/* Whether what was sent by @connection is done, or failed. */
bool control_is_sent(const struct connection *connection);
/* Which of these; NULL: no memory. */
json_t *control_sent(const struct connection *connection);

/* The line that ends a list: {"ok":true,"blocks":[…]}. NULL: no memory. */
json_t *control_list_end(const struct settings *settings);

#endif
