/* Subject alternative names as a command line gives them: "URI:urn:plc-1,IP:192.0.2.1". */
#ifndef CTL_SAN_H
#define CTL_SAN_H

#include <stdbool.h>
#include <stddef.h>

#include "keystore.h"

/* Names and the memory they point into. */
struct san {
	struct ks_name *names;
	size_t count;
	char *text;
};

/*
 * Takes @list apart at its commas; a backslash before a character takes its meaning away.
 * False: @problem (@problem_len bytes) says what is wrong. Free with san_free().
 */
bool san_parse(const char *list, struct san *ret_san, char *problem, size_t problem_len);
void san_free(struct san *san);

#endif
