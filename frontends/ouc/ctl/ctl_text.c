#include "ctl_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "table.h"

#define PLACE_BYTES 400

const char *ctl_string(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));

	return text ? text : "";
}

bool ctl_is(const json_t *object, const char *member)
{
	return json_is_true(json_object_get(object, member));
}

long long ctl_number(const json_t *object, const char *member)
{
	return json_integer_value(json_object_get(object, member));
}

/* C0, DEL and C1, in UTF-8. */
static bool has_controls(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c == 0x7F ||
		    (c == 0xC2 && i + 1 < len && (unsigned char)text[i + 1] < 0xA0))
			return true;
	}
	return false;
}

static char *array_text(const json_t *array)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	for (size_t i = 0; i < json_array_size(array); i++) {
		char *item = ctl_text(json_array_get(array, i));

		fprintf(out, "%s%s", i ? ", " : "", item ? item : "?");
		free(item);
	}
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

char *ctl_text(const json_t *value)
{
	if (!value || json_is_null(value))
		return strdup("-");
	if (json_is_array(value))
		return array_text(value);
	if (json_is_boolean(value))
		return strdup(json_is_true(value) ? "TRUE" : "FALSE");
	if (json_is_string(value) &&
	    !has_controls(json_string_value(value), json_string_length(value)))
		return strdup(json_string_value(value));
	return json_dumps(value, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
}

/* "to 192.0.2.1:2000", "at port 2000"; of a forward, its plain side too. */
static void place_print(const json_t *connection, char text[PLACE_BYTES])
{
	const char *remote = ctl_string(connection, "remote");
	bool is_ipv6 = strchr(remote, ':') != NULL;

	if (ctl_is(connection, "active"))
		snprintf(text, PLACE_BYTES, "to %s%s%s:%lld", is_ipv6 ? "[" : "", remote,
			 is_ipv6 ? "]" : "", ctl_number(connection, "remote_port"));
	else
		snprintf(text, PLACE_BYTES, "at port %lld", ctl_number(connection, "local_port"));
}

static const char *or_dash(const char *text)
{
	return *text ? text : "-";
}

bool ctl_print_list(const json_t *parts)
{
	static const char *const heads[] = {"CONNECTION", "WHERE",  "SENDS",
					    "RECEIVES",	  "STATUS", "MEANING"};
	struct table *table = table_new(heads, 6);
	bool is_fine = table != NULL;

	for (size_t i = 0; is_fine && i < json_array_size(parts); i++) {
		const json_t *connection = json_object_get(json_array_get(parts, i), "connection");
		bool is_forward = ctl_is(connection, "forward");
		char place[PLACE_BYTES];

		place_print(connection, place);
		is_fine = table_add(
			table,
			(const char *const[]){
				ctl_string(connection, "name"), place,
				is_forward ? "forward" : or_dash(ctl_string(connection, "sends")),
				is_forward ? "forward"
					   : or_dash(ctl_string(connection, "receives")),
				ctl_string(connection, "status"),
				ctl_string(connection, "meaning")});
	}
	if (is_fine)
		table_print(table, stdout, 0);
	table_free(table);
	return is_fine;
}

static void print_blocks(const json_t *connection)
{
	const char *sends = ctl_string(connection, "sends");
	const char *receives = ctl_string(connection, "receives");
	const char *on = ctl_string(connection, "send_on");

	if (ctl_is(connection, "forward")) {
		const char *plain = ctl_string(connection, "plain");

		if (*plain == '/')
			fact_print(stdout, "forwards", "%s", plain);
		else
			fact_print(stdout, "forwards", "%s, port %lld", plain,
				   ctl_number(connection, "plain_port"));
		fact_print(stdout, "open", "%lld", ctl_number(connection, "open"));
		return;
	}
	if (*sends && strcmp(on, "cycle") == 0)
		fact_print(stdout, "sends", "%s, every %lld ms", sends,
			   ctl_number(connection, "cycle_ms"));
	else if (*sends)
		fact_print(stdout, "sends", "%s, on %s", sends, on);
	if (*receives)
		fact_print(stdout, "receives", "%s%s", receives,
			   ctl_is(connection, "enabled") ? "" : " (not enabled)");
}

static void print_outputs(const json_t *connection)
{
	static const char *const flags[] = {"busy", "done", "ndr", "error"};
	char *message = ctl_text(json_object_get(connection, "message"));
	char set[64] = "";

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (ctl_is(connection, flags[i]))
			snprintf(set + strlen(set), sizeof(set) - strlen(set), "%s%s",
				 *set ? ", " : "", flags[i]);
	fact_print(stdout, "outputs", "%s", or_dash(set));
	fact_print(stdout, "status", "%s: %s", ctl_string(connection, "status"),
		   ctl_string(connection, "meaning"));
	if (message && *message)
		fact_print(stdout, "message", "%s", message);
	free(message);
}

bool ctl_print_connection(const json_t *connection)
{
	char place[PLACE_BYTES];

	place_print(connection, place);
	fact_print(stdout, "connection", "%s", ctl_string(connection, "name"));
	fact_print(stdout, "id", "%lld", ctl_number(connection, "id"));
	fact_print(stdout, "type", "%s", ctl_string(connection, "type"));
	fact_print(stdout, "where", "%s%s", place,
		   ctl_is(connection, "secure") ? "" : ", NOT secured");
	print_blocks(connection);
	print_outputs(connection);
	fact_print(stdout, "peer", "%s", or_dash(ctl_string(connection, "peer")));
	fact_print(stdout, "security", "%s", or_dash(ctl_string(connection, "security")));
	fact_print(stdout, "sent", "%lld", ctl_number(connection, "sent"));
	fact_print(stdout, "received", "%lld", ctl_number(connection, "received"));
	fact_print(stdout, "failures", "%lld", ctl_number(connection, "failures"));
	return true;
}

bool ctl_print_block(const json_t *reply)
{
	static const char *const heads[] = {"FIELD", "PLACE", "TYPE", "VALUE"};
	const json_t *fields = json_object_get(reply, "fields");
	const json_t *values = json_object_get(reply, "values");
	struct table *table = table_new(heads, 4);
	bool is_fine = table != NULL;

	for (size_t i = 0; is_fine && i < json_array_size(fields); i++) {
		const json_t *field = json_array_get(fields, i);
		const char *name = ctl_string(field, "name");
		char *value = ctl_text(json_object_get(values, name));

		is_fine = value &&
			  table_add(table, (const char *const[]){name, ctl_string(field, "place"),
								 ctl_string(field, "type"), value});
		free(value);
	}
	if (is_fine)
		table_print(table, stdout, 0);
	table_free(table);
	return is_fine;
}

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

/* What is false or empty is left out. */
static bool print_rest(const char *name, const json_t *value)
{
	char *text = json_is_object(value) ? json_dumps(value, JSON_COMPACT | JSON_ENSURE_ASCII)
					   : ctl_text(value);

	if (!text)
		return false;
	if (*text && !json_is_false(value))
		printf("  %s=%s", name, text);
	free(text);
	return true;
}

/* "2026-11-21T17:45:08.123Z  state  Send  status=7004 …" */
bool ctl_print_event(json_t *event)
{
	static const char *const first[] = {"time", "event", "connection", NULL};
	const char *name;
	json_t *value;

	for (size_t i = 0; first[i]; i++) {
		char *text;

		if (!json_object_get(event, first[i]))
			continue;
		text = ctl_text(json_object_get(event, first[i]));
		if (!text)
			return false;
		printf("%s%s", i ? "  " : "", text);
		free(text);
	}
	json_object_foreach(event, name, value) if (!is_one_of(name, first) &&
						    !print_rest(name, value)) return false;
	putchar('\n');
	return true;
}
