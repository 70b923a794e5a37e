/* A configuration of keystore-ouc from a text. Hides that there is one at a time. */
#ifndef SETTINGS_TEXT_H
#define SETTINGS_TEXT_H

#include "../../support/conf_told.h"
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
static inline bool settings_text_read(const char *text, size_t len)
{
	FILE *file = conf_told_open(text, len);
	bool is_fine;

	settings_free(settings);
	settings = NULL;
	is_fine = settings_read(file, conf_told, NULL, &settings);
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
