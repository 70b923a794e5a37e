/*
 * The way to the control socket of keystore-ouc(8), for programs that wait for the answer. Hides
 * sockets, and where a line ends.
 */
#ifndef OUC_CONTROL_LINK_H
#define OUC_CONTROL_LINK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define CONTROL_LINK_PROBLEM_MAX 512
#define CONTROL_LINK_LINE_MAX	 ((size_t)4 * 1024 * 1024)

struct control_link;

/* False: @problem. */
[[nodiscard]] bool control_link_open(const char *path, struct control_link **ret_link,
				     char problem[CONTROL_LINK_PROBLEM_MAX]);
void control_link_close(struct control_link *link); /* NULL is fine */

/* Takes @request. False: no memory; that the other side has gone is heard. */
[[nodiscard]] bool control_link_say(struct control_link *link, json_t *request,
				    char problem[CONTROL_LINK_PROBLEM_MAX]);

/* Waits for the next line, an object that the caller lets go. False: it has ended, @problem. */
[[nodiscard]] bool control_link_hear(struct control_link *link, json_t **ret_line,
				     char problem[CONTROL_LINK_PROBLEM_MAX]);

#endif
