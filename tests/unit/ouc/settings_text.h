/* A configuration from a text. Hides how what was told about it is collected. */
#ifndef SETTINGS_TEXT_H
#define SETTINGS_TEXT_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "settings.h"

/* Beginnings, to which a test adds lines: 4 of blocks, 6 of each connection. */
#define BLOCKS "[block Out]\nVar1 = Bool\n[block In]\nVar1 = Bool\n"
#define CLIENT                                                                                     \
	"[Send]\nType = TCON_IP_V4_SEC\nID = 1\nActiveEstablished = TRUE\n"                        \
	"RemoteAddress = 192.0.2.20\nRemotePort = 2000\n"
#define SERVER                                                                                     \
	"[Receive]\nType = TCON_IP_V4_SEC\nID = 2\nActiveEstablished = FALSE\n"                    \
	"LocalPort = 2000\nTLSServerCertRef = 7\n"

static struct settings *settings;
static char told[65536]; /* "5 [Send] ID: it is missing\n", a warning with "~" in front */

static void settings_text_told(unsigned line, const char *section, const char *field,
			       bool is_warning, const char *message, void *user)
{
	size_t used = strlen(told);

	(void)user;
	cr_assert(strlen(message) < CONF_MESSAGE_MAX - 1, "cut off: %s", message);
	snprintf(told + used, sizeof(told) - used, "%s%u [%s] %s: %s\n", is_warning ? "~" : "",
		 line, section, field, message);
}

static inline bool settings_text_read(const char *text, size_t len)
{
	FILE *file = fmemopen((void *)(uintptr_t)text, len ? len : 1, "r");
	bool is_fine;

	if (!len)
		getc(file);
	settings_free(settings);
	settings = NULL;
	strcpy(told, "");
	is_fine = settings_read(file, settings_text_told, NULL, &settings);
	fclose(file);
	return is_fine;
}

/* Nothing is to be told. */
static inline void reads(const char *text)
{
	cr_assert(settings_text_read(text, strlen(text)), "%s", told);
	cr_assert_str_eq(told, "");
}

/* @warning: all that is to be told, without "~". */
static inline void warns(const char *text, const char *warning)
{
	cr_assert(settings_text_read(text, strlen(text)), "%s", told);
	cr_assert(*told == '~', "%s", told);
	cr_assert_str_eq(told + 1, warning);
}

/* @fault: all that is to be told. */
static inline void refuses(const char *text, const char *fault)
{
	cr_assert(!settings_text_read(text, strlen(text)), "%s", text);
	cr_assert(strcmp(told, fault) == 0, "said\n%sinstead of\n%s", told, fault);
}

static inline void settings_text_end(void)
{
	settings_free(settings);
	settings = NULL;
}

#endif
