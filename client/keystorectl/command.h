/* The commands: what each is called, takes and does. */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include <stdio.h>

#include "ctl.h"

struct command {
	const char *name;    /* "key create" */
	const char *words;   /* "NAME" */
	size_t word_count;   /* exactly so many after the name */
	uint64_t options;    /* bits 1 << enum option, besides those that all have */
	uint64_t needs;	     /* options that must be given */
	const char *summary; /* for the list of commands */
	const char *help;    /* more, or NULL */
	enum exit_code (*run)(struct ctl *ctl);
};

/* Ends with an entry without a name. */
extern const struct command commands[];

/* The command that @words begin with, and how many of them are its name. NULL: none. */
const struct command *command_find(const char *const *words, size_t count, size_t *ret_used);

void command_print_list(FILE *out);
void command_print_help(const struct command *command, FILE *out);

enum exit_code command_status(struct ctl *ctl);
enum exit_code command_watch(struct ctl *ctl);
enum exit_code command_random(struct ctl *ctl);
enum exit_code command_key_create(struct ctl *ctl);
enum exit_code command_key_list(struct ctl *ctl);
enum exit_code command_key_show(struct ctl *ctl);
enum exit_code command_key_delete(struct ctl *ctl);
enum exit_code command_key_allow(struct ctl *ctl);
enum exit_code command_key_pin(struct ctl *ctl);
enum exit_code command_key_unpin(struct ctl *ctl);
enum exit_code command_key_export(struct ctl *ctl);
enum exit_code command_key_import(struct ctl *ctl);
enum exit_code command_csr(struct ctl *ctl);
enum exit_code command_sign(struct ctl *ctl);
enum exit_code command_decrypt(struct ctl *ctl);
enum exit_code command_project_init(struct ctl *ctl);
enum exit_code command_cert_create(struct ctl *ctl);
enum exit_code command_cert_list(struct ctl *ctl);
enum exit_code command_cert_show(struct ctl *ctl);
enum exit_code command_cert_export(struct ctl *ctl);
enum exit_code command_cert_renew(struct ctl *ctl);
enum exit_code command_cert_delete(struct ctl *ctl);
enum exit_code command_audit_list(struct ctl *ctl);
enum exit_code command_audit_verify(struct ctl *ctl);

#endif
