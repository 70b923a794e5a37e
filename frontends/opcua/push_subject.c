#include <stdlib.h>
#include <string.h>

#include "push_work.h"

/* Whether a slash at @at begins another attribute: "/O=…". */
static bool begins_attribute(const char *at)
{
	size_t len;

	if (*at != '/')
		return false;
	len = strspn(at + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.");
	return len && at[1 + len] == '=';
}

char *push_subject(const char *asked)
{
	bool is_by_slashes = begins_attribute(asked);
	char *subject = malloc(2 * strlen(asked) + 1);
	char *to = subject;

	if (!subject)
		return NULL;
	for (const char *at = asked; *at && !is_by_slashes; at++)
		is_by_slashes = begins_attribute(at);
	/* As keystored has it (RFC 4514's escapes); "CN=a,O=b" is so already. */
	if (!is_by_slashes && strchr(asked, ','))
		return strcpy(subject, asked);
	for (const char *at = asked; *at; at++) {
		if (begins_attribute(at)) {
			if (to != subject)
				*to++ = ',';
			continue;
		}
		if (strchr(",+\"\\<>;#", *at))
			*to++ = '\\';
		*to++ = *at;
	}
	*to = '\0';
	return subject;
}
