/*
 * Values for JSON out of any bytes, and the texts in them. What returns a json_t returns a new
 * reference; NULL: no memory.
 */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* '?' stands for bytes that are not ASCII where it is no UTF-8. */
json_t *json_text(const char *text);
/* null for "". */
json_t *json_text_or_null(const char *text);
json_t *json_names(const char *const *names, size_t count);

/* "2026-03-01T12:00:00Z" */
#define TIME_BYTES 32
void time_text(int64_t seconds, char text[TIME_BYTES]);
/* "2026-03-01T12:00:00.000Z"; @milliseconds: Unix time. */
void time_text_ms(int64_t milliseconds, char text[TIME_BYTES]);
json_t *json_time(int64_t seconds);
/* null for 0. */
json_t *json_time_or_null(int64_t seconds);

/* Lower-case digits. NULL: no memory. free() it. */
char *hex_text(const uint8_t *bytes, size_t len);
json_t *json_hex(const uint8_t *bytes, size_t len);

/* Of SHA-256; null for NULL. */
#define FINGERPRINT_BYTES 32
json_t *json_fingerprint(const uint8_t *fingerprint);

/*
 * Adds @value, which it takes, to the object or array. Where something fails, @value NULL
 * included, it lets *@object go and makes it NULL, and with *@object NULL it only lets @value go:
 * so the last in a row of these says whether all is there.
 */
void json_add(json_t **object, const char *name, json_t *value);
void json_append(json_t **array, json_t *value);

#endif
