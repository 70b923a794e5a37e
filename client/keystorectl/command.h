/* The commands: what each is called, takes and does. */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include <stdio.h>

#include "ctl.h"

__extension__ typedef unsigned __int128 option_set;

static inline option_set option_bit(enum option option)
{
	return (option_set)1 << option;
}

#define HAS(option) ((option_set)1 << OPTION_##option)

/* What an option means for one command, where that is not what it means for others. */
struct option_text {
	enum option option;
	const char *value;
	const char *help; /* NULL: the end of a list */
};

struct command {
	const char *name;    /* "key create" */
	const char *words;   /* "NAME" */
	size_t word_count;   /* exactly so many after the name … */
	bool takes_more;     /* … or more */
	option_set options;  /* besides those that all have */
	option_set needs;    /* options that must be given */
	option_set instead;  /* one that is given in place of the first word */
	const char *summary; /* for the list of commands */
	const char *help;    /* more, or NULL */
	enum exit_code (*run)(struct ctl *ctl);
	const struct option_text *texts; /* NULL: its options are the usual ones */
	bool is_staged;			 /* may stand in a transaction */
};

/* Beside the code of the commands. Each ends with an entry without a name. */
extern const struct command commands_service[];
extern const struct command commands_key[];
extern const struct command commands_use[];
extern const struct command commands_cert[];
extern const struct command commands_check[];
extern const struct command commands_profile[];
extern const struct command commands_activate[];
extern const struct command commands_crl[];
extern const struct command commands_renewal[];
extern const struct command commands_trust[];
extern const struct command commands_group[];
extern const struct command commands_rejected[];
extern const struct command commands_outside[];
extern const struct command commands_external[];
extern const struct command commands_assign[];
extern const struct command commands_deploy[];
extern const struct command commands_txn[];
extern const struct command commands_audit[];
extern const struct command commands_login[];
extern const struct command commands_user[];
extern const struct command commands_openssl[];
extern const struct command commands_doctor[];

/* All of them, in the order of the list; ends with NULL. */
extern const struct command *const command_groups[];

/* The command that @words begin with, and how many of them are its name. NULL: none. */
const struct command *command_find(const char *const *words, size_t count, size_t *ret_used);

/* Runs it with the words behind the first @used, which are its name. */
enum exit_code command_run(struct ctl *ctl, const struct command *command, size_t used);

/* "--cert FILE", what it does: for this command. */
const char *command_option_usage(const struct command *command, enum option option);
const char *command_option_help(const struct command *command, enum option option);

void command_print_list(FILE *out);
void command_print_help(const struct command *command, FILE *out);

#endif
