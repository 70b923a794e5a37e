#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "api_private.h"
#include "base64.h"

#define DETAIL_MAX     256
#define NAMED_MAX      64 /* bytes of a member that nobody knows, for its problem */
#define TIME_SHAPE     "0000-00-00T00:00:00"
#define TIME_SHAPE_LEN (sizeof(TIME_SHAPE) - 1)

/* How deep @text nests at its deepest, whether or not it is JSON. */
static unsigned depth_of(const char *text, size_t len)
{
	bool is_string = false;
	unsigned depth = 0, deepest = 0;

	for (size_t i = 0; i < len; i++) {
		if (is_string && text[i] == '\\') {
			i++;
		} else if (text[i] == '"') {
			is_string = !is_string;
		} else if (!is_string && (text[i] == '{' || text[i] == '[')) {
			if (++depth > deepest)
				deepest = depth;
		} else if (!is_string && (text[i] == '}' || text[i] == ']') && depth) {
			depth--;
		}
	}
	return deepest;
}

static bool type_is_json(const struct http_request *request)
{
	static const char type[] = "application/json";
	const char *sent = http_request_header(request, "Content-Type");

	if (!sent || strncasecmp(sent, type, sizeof(type) - 1) != 0)
		return false;
	sent += sizeof(type) - 1;
	sent += strspn(sent, " \t");
	return !*sent || *sent == ';';
}

bool api_body_read(struct api_call *call)
{
	char detail[DETAIL_MAX];
	json_error_t error;
	size_t len = 0;
	const char *text = (const char *)http_request_body(call->request, &len);

	if (!call->route.operation->takes_body) {
		if (!len)
			return true;
		api_answer_problem(call, 400, "invalid", NULL, "this takes no body");
		return false;
	}
	if (!type_is_json(call->request)) {
		api_answer_problem(call, 415, "media-type", NULL,
				   "this takes a JSON object: Content-Type is application/json");
		return false;
	}
	if (depth_of(text, len) > API_DEPTH_MAX) {
		snprintf(detail, sizeof(detail), "the body nests deeper than %d", API_DEPTH_MAX);
		api_answer_problem(call, 400, "invalid", NULL, detail);
		return false;
	}
	call->body = json_loadb(text ? text : "", len, JSON_REJECT_DUPLICATES, &error);
	if (json_is_object(call->body))
		return true;
	/* jansson's own words would repeat a piece of it: a password, perhaps. */
	if (call->body)
		snprintf(detail, sizeof(detail), "the body is JSON, but no object");
	else if (json_error_code(&error) == json_error_duplicate_key)
		snprintf(detail, sizeof(detail), "the body names a member twice, line %d column %d",
			 error.line, error.column);
	else
		snprintf(detail, sizeof(detail), "the body is no JSON: see line %d column %d",
			 error.line, error.column);
	api_answer_problem(call, 400, "malformed", NULL, detail);
	return false;
}

__attribute__((format(printf, 3, 4))) static bool refuse(struct api_call *call, const char *name,
							 const char *format, ...)
{
	char detail[DETAIL_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(detail, sizeof(detail), format, arguments);
	va_end(arguments);
	api_answer_problem(call, 400, "invalid", name, detail);
	return false;
}

/* Digits alone, as a number is printed. */
static bool read_number(const char *text, uint64_t max, uint64_t *ret_value)
{
	uint64_t value;
	char *end = NULL;

	if (*text < '0' || *text > '9' || (*text == '0' && text[1]))
		return false;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || *end || value > max)
		return false;
	*ret_value = value;
	return true;
}

bool api_parameter_id(struct api_call *call, size_t index, uint64_t *ret_id)
{
	uint64_t id = 0;

	if (!read_number(api_parameter(call, index), INT64_MAX, &id) || !id)
		return refuse(call, NULL, "an id in a path is a number from 1 on");
	*ret_id = id;
	return true;
}

bool api_query_number(struct api_call *call, const char *name, uint64_t max, uint64_t fallback,
		      uint64_t *ret_value)
{
	const char *text = api_query(call, name);
	uint64_t value = fallback;

	if (text && !read_number(text, max, &value))
		return refuse(call, name, "\"%s\" is a number from 0 to %llu", name,
			      (unsigned long long)max);
	*ret_value = value;
	return true;
}

static json_t *member_of(const struct api_call *call, const char *name)
{
	json_t *value = json_object_get(call->body, name);

	return json_is_null(value) ? NULL : value;
}

static bool take_string(struct api_call *call, const char *name, const json_t *value, size_t max,
			const char **ret_text)
{
	if (!json_is_string(value))
		return refuse(call, name, "\"%s\" is a text", name);
	if (json_string_length(value) > max)
		return refuse(call, name, "\"%s\" is longer than %zu bytes", name, max);
	*ret_text = json_string_value(value);
	return true;
}

bool api_member_string(struct api_call *call, const char *name, size_t max, const char **ret_text)
{
	const json_t *value = member_of(call, name);

	if (!value)
		return refuse(call, name, "\"%s\" is missing", name);
	return take_string(call, name, value, max, ret_text);
}

bool api_member_string_optional(struct api_call *call, const char *name, size_t max,
				const char **ret_text)
{
	const json_t *value = member_of(call, name);

	if (value)
		return take_string(call, name, value, max, ret_text);
	*ret_text = NULL;
	return true;
}

bool api_member_number_optional(struct api_call *call, const char *name, uint64_t max,
				uint64_t fallback, uint64_t *ret_value)
{
	const json_t *value = member_of(call, name);

	if (value && (!json_is_integer(value) || json_integer_value(value) < 0 ||
		      (uint64_t)json_integer_value(value) > max))
		return refuse(call, name, "\"%s\" is a whole number from 0 to %llu", name,
			      (unsigned long long)max);
	*ret_value = value ? (uint64_t)json_integer_value(value) : fallback;
	return true;
}

bool api_member_bool_optional(struct api_call *call, const char *name, bool fallback,
			      bool *ret_value)
{
	const json_t *value = member_of(call, name);

	if (value && !json_is_boolean(value))
		return refuse(call, name, "\"%s\" is true or false", name);
	*ret_value = value ? json_is_true(value) : fallback;
	return true;
}

bool api_member_names_optional(struct api_call *call, const char *name, size_t max,
			       const char *const **ret_names, size_t *ret_count)
{
	const json_t *value = member_of(call, name);
	size_t count = json_array_size(value);
	const char **names;

	if (value && !json_is_array(value))
		return refuse(call, name, "\"%s\" is a list of texts", name);
	if (count > max)
		return refuse(call, name, "\"%s\" has more than %zu entries", name, max);
	names = api_alloc(call, (count + 1) * sizeof(*names));
	if (!names)
		return false;
	for (size_t i = 0; i < count; i++) {
		names[i] = json_string_value(json_array_get(value, i));
		if (!names[i])
			return refuse(call, name, "\"%s\" is a list of texts", name);
	}
	*ret_names = value ? names : NULL;
	*ret_count = count;
	return true;
}

/* Where @shape has '0', @text has a digit; else the same. It may go on. */
static bool has_shape(const char *text, const char *shape)
{
	for (; *shape; shape++, text++) {
		if (*shape == '0' ? *text < '0' || *text > '9' : *text != *shape)
			return false;
	}
	return true;
}

/* Fractions of a second are left out of account. */
bool api_read_time(const char *text, int64_t *ret_seconds)
{
	struct tm parts = {0};
	int offset = 0, hours = 0, minutes = 0;
	const char *end;
	struct tm normal;
	int64_t seconds;

	if (!has_shape(text, TIME_SHAPE) ||
	    sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
		   &parts.tm_hour, &parts.tm_min, &parts.tm_sec) != 6)
		return false;
	end = text + TIME_SHAPE_LEN;
	if (*end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	if (*end == '+' || *end == '-') {
		if (!has_shape(end + 1, "00:00") || end[6] ||
		    sscanf(end + 1, "%2d:%2d", &hours, &minutes) != 2 || hours > 23 || minutes > 59)
			return false;
		offset = (*end == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
	} else if (strcmp(end, "Z") != 0) {
		return false;
	}
	parts.tm_year -= 1900;
	parts.tm_mon -= 1;
	normal = parts;
	seconds = timegm(&normal);
	/* timegm() would make March 2 of February 30. */
	if (normal.tm_mday != parts.tm_mday || normal.tm_mon != parts.tm_mon ||
	    normal.tm_hour != parts.tm_hour || normal.tm_min != parts.tm_min ||
	    normal.tm_sec != parts.tm_sec)
		return false;
	*ret_seconds = seconds - offset;
	return true;
}

#define TIME_RULE "\"%s\" is a time like 2026-03-01T12:00:00Z"

bool api_member_time_optional(struct api_call *call, const char *name, int64_t *ret_seconds)
{
	const json_t *value = member_of(call, name);

	if (!value)
		*ret_seconds = 0;
	else if (!json_is_string(value) || !api_read_time(json_string_value(value), ret_seconds))
		return refuse(call, name, TIME_RULE, name);
	return true;
}

bool api_query_time(struct api_call *call, const char *name, int64_t *ret_seconds)
{
	const char *text = api_query(call, name);

	if (!text)
		*ret_seconds = 0;
	else if (!api_read_time(text, ret_seconds))
		return refuse(call, name, TIME_RULE, name);
	return true;
}

bool api_member_bytes(struct api_call *call, const char *name, size_t max,
		      const uint8_t **ret_bytes, size_t *ret_len)
{
	const char *text = NULL;
	uint8_t *bytes;
	size_t len = 0;

	if (!api_member_string(call, name, BASE64_TEXT_MAX(max), &text))
		return false;
	bytes = api_alloc(call, BASE64_BYTES_MAX(strlen(text)));
	if (!bytes)
		return false;
	if (!base64_decode(text, strlen(text), bytes, &len))
		return refuse(call, name, "\"%s\" is no base64 (RFC 4648, with padding)", name);
	if (len > max)
		return refuse(call, name, "\"%s\" has more than %zu bytes", name, max);
	*ret_bytes = bytes;
	*ret_len = len;
	return true;
}

bool api_members_are(struct api_call *call, ...)
{
	const char *key = NULL, *name = NULL;
	json_t *value = NULL;
	va_list names;

	json_object_foreach(call->body, key, value)
	{
		bool is_known = false;

		va_start(names, call);
		while (!is_known && (name = va_arg(names, const char *)))
			is_known = strcmp(name, key) == 0;
		va_end(names);
		if (!is_known)
			return refuse(call, strlen(key) > NAMED_MAX ? NULL : key,
				      "this takes no member of that name");
	}
	return true;
}
