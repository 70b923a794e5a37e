/* One run of keystore-ouc-ctl: what was asked, and how failures are told. */
#ifndef OUC_CTL_RUN_H
#define OUC_CTL_RUN_H

#include <jansson.h>
#include <stdbool.h>

#include "control_link.h"

/* As keystorectl(1) has them. */
enum ctl_exit {
	CTL_OK = 0,
	CTL_FAILED = 1,
	CTL_USAGE = 2, /* the command line, or something in the request, is wrong */
};

struct ctl_run {
	bool json;
	bool waits;
	const char *const *words; /* behind the command's name */
	int word_count;
	struct control_link *link;
};

/* Tells a failure in a sentence, with --json as an object too. Returns @code. */
enum ctl_exit ctl_fail(const struct ctl_run *run, enum ctl_exit code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Asks for what @request, which is taken, says. CTL_OK: *ret_reply, to be let go, says how it
 * went; else the failure was told. *ret_parts, if not NULL: an array of what came before it.
 */
enum ctl_exit ctl_ask(const struct ctl_run *run, json_t *request, json_t **ret_parts,
		      json_t **ret_reply);

/* On a line, as JSON; takes @object. */
enum ctl_exit ctl_print_json(const struct ctl_run *run, json_t *object);

/* The commands, with a connection. */
enum ctl_exit ctl_list(const struct ctl_run *run);
enum ctl_exit ctl_show(const struct ctl_run *run);
enum ctl_exit ctl_get(const struct ctl_run *run);
enum ctl_exit ctl_set(const struct ctl_run *run);
enum ctl_exit ctl_send(const struct ctl_run *run);
enum ctl_exit ctl_watch(const struct ctl_run *run);

#endif
