/* What came from keystore-ouc(8), as text for people. Hides what a terminal would obey. */
#ifndef OUC_CTL_TEXT_H
#define OUC_CTL_TEXT_H

#include <jansson.h>
#include <stdbool.h>

/*
 * A string as it is, or in quotes with escapes where it has control characters; a whole array
 * with commas; TRUE, FALSE; "-" for null or NULL. free() it. NULL: no memory.
 */
char *ctl_text(const json_t *value);

/* The string @member of @object; "" where there is none. Borrowed. */
const char *ctl_string(const json_t *object, const char *member);
bool ctl_is(const json_t *object, const char *member); /* true */
long long ctl_number(const json_t *object, const char *member);

/* For tables: of a list of connections, a block, an event. False: no memory. */
bool ctl_print_list(const json_t *parts);
bool ctl_print_connection(const json_t *connection);
bool ctl_print_block(const json_t *reply);
bool ctl_print_event(json_t *event);

#endif
