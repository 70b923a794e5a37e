/* What a reader of configurations may tell, whatever the file is. */
#ifndef FUZZ_CONF_H
#define FUZZ_CONF_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "conf_report.h"
#include "fuzz.h"

static inline void fuzz_conf_line(const char *text, size_t max)
{
	json_t *utf8 = json_string(text);

	fuzz_expect(utf8 != NULL && strlen(text) <= max);
	json_decref(utf8);
	for (; *text; text++)
		fuzz_expect(((unsigned char)*text >= 0x20 || *text == '\t') && *text != 0x7f);
}

/* A conf_problem_fn; @user: an unsigned that counts faults. */
static inline void fuzz_conf_told(unsigned line, const char *section, const char *field,
				  bool is_warning, const char *message, void *user)
{
	unsigned *faults = user;

	(void)line;
	fuzz_conf_line(section, CONF_MESSAGE_MAX);
	fuzz_conf_line(field, CONF_MESSAGE_MAX);
	fuzz_conf_line(message, CONF_MESSAGE_MAX - 2);
	*faults += !is_warning;
}

#endif
