/* The end of a change: a server applies it at once, or when it is told to. Hides which. */
#ifndef CLIENT_PUSH_APPLY_H
#define CLIENT_PUSH_APPLY_H

#include "server_link.h"

/*
 * @has_to_apply: what the server said. Applies it, unless --no-apply, and tells what has become of
 * @what. Returns an exit code.
 */
enum exit_code push_finish(const struct program *program, struct server_link *link,
			   bool has_to_apply, const char *what);

#endif
