/*
 * The fields that sections of a configuration can have, as tables. Hides how a value becomes a
 * member of a struct, and what is told of one that is none.
 */
#ifndef COMMON_CONF_FIELD_H
#define COMMON_CONF_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONF_TAKES_MAX 256

struct conf_field;

/*
 * @member: where the value goes in @owner, whose the table is. False: @text is none, and both are
 * as they were.
 */
typedef bool conf_read_fn(const struct conf_field *field, const char *text, void *owner,
			  void *member);

struct conf_word {
	const char *text; /* NULL: the end */
	uint64_t value;
};

/* @owner has the defaults already. */
struct conf_field {
	const char *name;
	conf_read_fn *read;
	size_t offset, size; /* CONF_AT() */
	uint64_t min,
		max; /* of a number; of a time, in ms; of a size, in bytes; max: a text's length */
	const char *takes; /* NULL: what its numbers, times, sizes or words say by themselves */
	const struct conf_word *words;
	uint64_t unit_ms; /* of a time as it is kept */
};

#define CONF_AT(Type, Member) .offset = offsetof(Type, Member), .size = sizeof(((Type *)0)->Member)

/* Into unsigned integers of the member's size. */
conf_read_fn conf_read_number;
conf_read_fn conf_read_time;
conf_read_fn conf_read_size;
conf_read_fn conf_read_word; /* and into enums and bool */

conf_read_fn conf_read_bool; /* TRUE or FALSE */

/* Into arrays of max + 1 characters. */
conf_read_fn conf_read_path;
conf_read_fn conf_read_text; /* not "" */
conf_read_fn conf_read_group;

/* Of a list with blanks and commas: the next word of *@text, cut off there; NULL: no more. */
char *conf_next_word(char **text);

/* Its index, or -1. */
int conf_field_find(const struct conf_field *fields, int count, const char *name);

/* The one that was meant perhaps; NULL: none is near. */
const char *conf_field_nearest(const struct conf_field *fields, int count, const char *name);

/* False: @takes is what it takes, "a number from 1 to 4095, as 1 or 16#1". */
[[nodiscard]] bool conf_field_read(const struct conf_field *field, const char *text, void *owner,
				   char takes[CONF_TAKES_MAX]);

#endif
