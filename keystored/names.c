#include "names.h"

#include <string.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

bool names_is_key_name(const char *name)
{
	if (!name || !*name || !strchr(LETTERS, *name))
		return false;
	size_t len = strspn(name, LETTERS "0123456789._-");

	return name[len] == '\0' && len <= NAMES_KEY_MAX;
}
