/*
 * What a client of the control socket may ask: a line, taken apart. Hides JSON, and which command
 * has which members.
 */
#ifndef OUC_CONTROL_COMMAND_H
#define OUC_CONTROL_COMMAND_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define CONTROL_DEPTH_MAX   3 /* of a line: an array in the values of a command */
#define CONTROL_PROBLEM_MAX 512

enum control_verb {
	CONTROL_LIST,
	CONTROL_BLOCKS,
	CONTROL_SHOW,
	CONTROL_SEND,
	CONTROL_SET,
	CONTROL_GET,
	CONTROL_WATCH,
};
#define CONTROL_VERBS (CONTROL_WATCH + 1)

struct control_command {
	enum control_verb verb;
	const char *name;     /* of the connection or block; NULL where it has none */
	const json_t *values; /* by field or element; NULL: none were given */
	bool waits;
	json_t *line; /* holds the others */
};

/* False: @problem says what is wrong with it. */
[[nodiscard]] bool control_command_parse(const char *line, size_t len,
					 struct control_command *ret_command,
					 char problem[CONTROL_PROBLEM_MAX]);
void control_command_clear(struct control_command *command);

#endif
