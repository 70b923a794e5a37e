/* What a key may be called. Hides the character set. */
#ifndef NAMES_H
#define NAMES_H

#include <stdbool.h>

#define NAMES_KEY_MAX 64

/* 1..64 of A-Z a-z 0-9 . _ - beginning with a letter. NULL is none. */
bool names_is_key_name(const char *name);

/* The rule in words, to end a sentence with. */
#define NAMES_KEY_RULE "1 to 64 of A-Z a-z 0-9 . _ - beginning with a letter"

#endif
