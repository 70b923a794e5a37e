#include "ctl_run.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_BYTES 1024

static void print_failure(const struct ctl_run *run, enum ctl_exit code, const char *kind,
			  const char *message)
{
	json_t *object;

	fprintf(stderr, "keystore-ouc-ctl: %s\n", message);
	if (!run->json)
		return;
	object = json_pack("{s:{s:s, s:s, s:i}}", "error", "status", kind, "message", message,
			   "exit_code", (int)code);
	if (object && json_dumpf(object, stdout, JSON_COMPACT) == 0)
		putchar('\n');
	json_decref(object);
}

enum ctl_exit ctl_fail(const struct ctl_run *run, enum ctl_exit code, const char *format, ...)
{
	char message[MESSAGE_BYTES];
	va_list list;

	va_start(list, format);
	vsnprintf(message, sizeof(message), format, list);
	va_end(list);
	print_failure(run, code, code == CTL_USAGE ? "usage" : "failed", message);
	return code;
}

/* What was asked for cannot be, however often it is asked for. */
static bool is_wrong_request(const char *error)
{
	static const char *const errors[] = {"invalid", "not-found", "refused"};

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(errors[i], error) == 0)
			return true;
	return false;
}

static enum ctl_exit reply_fail(const struct ctl_run *run, const json_t *reply)
{
	const char *error = json_string_value(json_object_get(reply, "error"));
	const char *message = json_string_value(json_object_get(reply, "message"));
	enum ctl_exit code = error && is_wrong_request(error) ? CTL_USAGE : CTL_FAILED;

	print_failure(run, code, error ? error : "failed",
		      message ? message : "keystore-ouc gave no reason");
	return code;
}

enum ctl_exit ctl_ask(const struct ctl_run *run, json_t *request, json_t **ret_parts,
		      json_t **ret_reply)
{
	char problem[CONTROL_LINK_PROBLEM_MAX];
	enum ctl_exit code = CTL_FAILED;
	json_t *parts = json_array();
	json_t *line = NULL;

	if (!control_link_say(run->link, request, problem)) {
		code = ctl_fail(run, CTL_FAILED, "%s", problem);
		goto out;
	}
	for (;;) {
		if (!control_link_hear(run->link, &line, problem)) {
			code = ctl_fail(run, CTL_FAILED, "%s", problem);
			goto out;
		}
		if (json_object_get(line, "ok"))
			break;
		if (json_array_append_new(parts, line) < 0) {
			code = ctl_fail(run, CTL_FAILED, "out of memory");
			goto out;
		}
	}
	if (!json_is_true(json_object_get(line, "ok"))) {
		code = reply_fail(run, line);
		json_decref(line);
		goto out;
	}
	*ret_reply = line;
	if (ret_parts)
		*ret_parts = json_incref(parts);
	code = CTL_OK;
out:
	json_decref(parts);
	return code;
}

enum ctl_exit ctl_print_json(const struct ctl_run *run, json_t *object)
{
	int failed = object ? json_dumpf(object, stdout, JSON_COMPACT | JSON_ENSURE_ASCII) : -1;

	json_decref(object);
	if (failed || putchar('\n') == EOF)
		return ctl_fail(run, CTL_FAILED, "the result could not be written: %s",
				object ? strerror(errno) : "out of memory");
	return CTL_OK;
}
