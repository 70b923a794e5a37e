/* The commands: what each is called, takes and does. */
#ifndef CLIENT_COMMAND_H
#define CLIENT_COMMAND_H

#include <stdio.h>

#include "program.h"

#define HAS(option) (1ull << OPTION_##option)

/* What is needed where a server is talked to. */
#define HAS_SERVER                                                                                 \
	(HAS(URL) | HAS(SERVICE) | HAS(SOCKET) | HAS(POLICY) | HAS(MODE) | HAS(USER) |             \
	 HAS(PASSWORD_FILE) | HAS(USER_CERT))

struct command {
	const char *name;   /* "push trust get" */
	const char *words;  /* "NODE..." */
	size_t least, most; /* words behind the name */
	uint64_t options;   /* besides those that all have */
	const char *summary;
	const char *help; /* more, or NULL */
	enum exit_code (*run)(struct program *program);
};

/* Beside the code of the commands. Each ends with an entry without a name. */
extern const struct command commands_discover[];
extern const struct command commands_browse[];
extern const struct command commands_value[];
extern const struct command commands_subscribe[];
extern const struct command commands_call[];
extern const struct command commands_push[];
extern const struct command commands_push_trust[];

/* All of them, in the order of the list; ends with NULL. */
extern const struct command *const command_groups[];

/* The command that @words begin with, and how many of them are its name. NULL: none. */
const struct command *command_find(const char *const *words, size_t count, size_t *ret_used);

/* Runs it with the words behind the first @used, which are its name. */
enum exit_code command_run(struct program *program, const struct command *command, size_t used);

void command_print_list(FILE *out);
void command_print_help(const struct command *command, FILE *out);

#endif
