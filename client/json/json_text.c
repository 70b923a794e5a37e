#include "json_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

json_t *json_text(const char *text)
{
	json_t *value = json_string(text);
	char *copy = NULL;

	if (value)
		return value;
	copy = strdup(text);
	for (char *at = copy; at && *at; at++)
		if (*at & 0x80)
			*at = '?';
	value = copy ? json_string(copy) : NULL;
	free(copy);
	return value;
}

json_t *json_text_or_null(const char *text)
{
	return *text ? json_text(text) : json_null();
}

json_t *json_names(const char *const *names, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_append(&list, json_text(names[i]));
	return list;
}

void time_text(int64_t seconds, char text[TIME_BYTES])
{
	time_t time = (time_t)seconds;
	struct tm parts;

	if (!gmtime_r(&time, &parts) || !strftime(text, TIME_BYTES, "%Y-%m-%dT%H:%M:%SZ", &parts))
		strcpy(text, "unknown");
}

void time_text_ms(int64_t milliseconds, char text[TIME_BYTES])
{
	int64_t rest = (milliseconds % 1000 + 1000) % 1000;
	size_t len;

	time_text(milliseconds / 1000 - (milliseconds % 1000 < 0), text);
	len = strlen(text);
	/* In the place of its "Z". */
	if (text[len - 1] == 'Z')
		snprintf(text + len - 1, TIME_BYTES - len + 1, ".%03uZ", (unsigned)rest);
}

json_t *json_time(int64_t seconds)
{
	char text[TIME_BYTES];

	time_text(seconds, text);
	return json_string(text);
}

json_t *json_time_or_null(int64_t seconds)
{
	return seconds ? json_time(seconds) : json_null();
}

char *hex_text(const uint8_t *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	char *text = malloc(2 * len + 1);

	if (!text)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 0xf];
	}
	text[2 * len] = '\0';
	return text;
}

json_t *json_hex(const uint8_t *bytes, size_t len)
{
	char *hex = hex_text(bytes, len);
	json_t *text = hex ? json_string(hex) : NULL;

	free(hex);
	return text;
}

json_t *json_fingerprint(const uint8_t *fingerprint)
{
	return fingerprint ? json_hex(fingerprint, FINGERPRINT_BYTES) : json_null();
}

void json_add(json_t **object, const char *name, json_t *value)
{
	if (json_object_set_new(*object, name, value) == 0)
		return;
	json_decref(*object);
	*object = NULL;
}

void json_append(json_t **array, json_t *value)
{
	if (json_array_append_new(*array, value) == 0)
		return;
	json_decref(*array);
	*array = NULL;
}
