#include "conf_field.h"

#include <stdio.h>
#include <string.h>

#include "nearest.h"
#include "value.h"

#define SEPARATORS " \t,"

static void put_number(const struct conf_field *field, void *member, uint64_t number)
{
	switch (field->size) {
	case sizeof(bool):
		*(bool *)member = number;
		break;
	case sizeof(uint16_t):
		*(uint16_t *)member = (uint16_t)number;
		break;
	case sizeof(uint32_t):
		*(uint32_t *)member = (uint32_t)number;
		break;
	case sizeof(uint64_t):
		*(uint64_t *)member = number;
		break;
	}
}

static bool put_within(const struct conf_field *field, void *member, uint64_t number, uint64_t unit)
{
	if (number < field->min || number > field->max || number % unit)
		return false;
	put_number(field, member, number / unit);
	return true;
}

bool conf_read_number(const struct conf_field *field, const char *text, void *owner, void *member)
{
	uint64_t number;

	(void)owner;
	return value_number(text, &number) && put_within(field, member, number, 1);
}

bool conf_read_time(const struct conf_field *field, const char *text, void *owner, void *member)
{
	uint64_t ms;

	(void)owner;
	return value_time(text, &ms) && put_within(field, member, ms, field->unit_ms);
}

bool conf_read_size(const struct conf_field *field, const char *text, void *owner, void *member)
{
	uint64_t bytes;

	(void)owner;
	return value_size(text, &bytes) && put_within(field, member, bytes, 1);
}

bool conf_read_bool(const struct conf_field *field, const char *text, void *owner, void *member)
{
	(void)field;
	(void)owner;
	return value_bool(text, member);
}

bool conf_read_word(const struct conf_field *field, const char *text, void *owner, void *member)
{
	(void)owner;
	for (const struct conf_word *word = field->words; word->text; word++) {
		if (strcmp(word->text, text) == 0) {
			put_number(field, member, word->value);
			return true;
		}
	}
	return false;
}

bool conf_read_path(const struct conf_field *field, const char *text, void *owner, void *member)
{
	(void)owner;
	if (!value_is_path(text, field->max))
		return false;
	strcpy(member, text);
	return true;
}

bool conf_read_text(const struct conf_field *field, const char *text, void *owner, void *member)
{
	(void)owner;
	if (!*text || strlen(text) > field->max)
		return false;
	strcpy(member, text);
	return true;
}

bool conf_read_group(const struct conf_field *field, const char *text, void *owner, void *member)
{
	(void)field;
	(void)owner;
	if (!value_is_group(text))
		return false;
	strcpy(member, text);
	return true;
}

char *conf_next_word(char **text)
{
	char *word = *text + strspn(*text, SEPARATORS);
	char *end = word + strcspn(word, SEPARATORS);

	*text = *end ? end + 1 : end;
	*end = '\0';
	return *word ? word : NULL;
}

int conf_field_find(const struct conf_field *fields, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(fields[i].name, name) == 0)
			return i;
	return -1;
}

const char *conf_field_nearest(const struct conf_field *fields, int count, const char *name)
{
	unsigned least = NEAREST_MAX + 1;
	const char *found = NULL;

	for (int i = 0; i < count; i++) {
		unsigned distance = nearest_distance(name, fields[i].name);

		if (distance < least) {
			least = distance;
			found = fields[i].name;
		}
	}
	return found;
}

static void print_words(const struct conf_word *words, char takes[CONF_TAKES_MAX])
{
	size_t used = 0;

	for (const struct conf_word *word = words; word->text && used < CONF_TAKES_MAX; word++)
		used += (size_t)snprintf(takes + used, CONF_TAKES_MAX - used, "%s%s",
					 word == words	? ""
					 : word[1].text ? ", "
							: " or ",
					 word->text);
}

static void print_times(const struct conf_field *field, char takes[CONF_TAKES_MAX])
{
	char least[32], most[32];

	value_time_print(field->min, least, sizeof(least));
	value_time_print(field->max, most, sizeof(most));
	snprintf(takes, CONF_TAKES_MAX, "a time from %s to %s%s, as 500 ms, 5 s, 1 h or T#5s",
		 least, most, field->unit_ms == 1000 ? ", of whole seconds" : "");
}

static void print_sizes(const struct conf_field *field, char takes[CONF_TAKES_MAX])
{
	char least[32], most[32];

	value_size_print(field->min, least, sizeof(least));
	value_size_print(field->max, most, sizeof(most));
	snprintf(takes, CONF_TAKES_MAX, "a size from %s to %s, as %s or %llu", least, most, least,
		 (unsigned long long)field->min);
}

static void print_takes(const struct conf_field *field, char takes[CONF_TAKES_MAX])
{
	if (field->takes)
		snprintf(takes, CONF_TAKES_MAX, "%s", field->takes);
	else if (field->unit_ms)
		print_times(field, takes);
	else if (field->words)
		print_words(field->words, takes);
	else if (field->read == conf_read_size)
		print_sizes(field, takes);
	else if (field->max)
		snprintf(takes, CONF_TAKES_MAX, "a number from %llu to %llu, as %llu or 16#%llX",
			 (unsigned long long)field->min, (unsigned long long)field->max,
			 (unsigned long long)field->max, (unsigned long long)field->max);
	else
		snprintf(takes, CONF_TAKES_MAX, "TRUE or FALSE");
}

bool conf_field_read(const struct conf_field *field, const char *text, void *owner,
		     char takes[CONF_TAKES_MAX])
{
	if (field->read(field, text, owner, (char *)owner + field->offset))
		return true;
	print_takes(field, takes);
	return false;
}
