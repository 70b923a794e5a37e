#include "san.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *prefix;
	enum ks_name_type type;
} types[] = {
	{"URI:", KS_NAME_URI},	   {"IP:", KS_NAME_IP},	  {"DNS:", KS_NAME_DNS},
	{"email:", KS_NAME_EMAIL}, {"RID:", KS_NAME_RID}, {"other:", KS_NAME_OTHER},
};

/* What an item without a prefix most likely is. */
static const char *prefix_guess(const char *item)
{
	unsigned char address[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, item, address) == 1 || inet_pton(AF_INET6, item, address) == 1)
		return "IP:";
	if (strstr(item, "://") || strncmp(item, "urn:", 4) == 0)
		return "URI:";
	return strchr(item, '@') ? "email:" : "DNS:";
}

static bool name_parse(const char *item, struct ks_name *ret_name, char *problem,
		       size_t problem_len)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		size_t len = strlen(types[i].prefix);

		if (strncasecmp(item, types[i].prefix, len) != 0)
			continue;
		if (item[len] == '\0') {
			snprintf(problem, problem_len, "--san: '%s' lacks its value", item);
			return false;
		}
		*ret_name = (struct ks_name){.type = types[i].type, .value = item + len};
		return true;
	}
	if (*item == '\0')
		snprintf(problem, problem_len, "--san has an empty name between its commas");
	else
		snprintf(problem, problem_len,
			 "--san: '%s' has none of the prefixes URI:, IP:, DNS:, email:, RID:, "
			 "other:; "
			 "did you mean %s%s?",
			 item, prefix_guess(item), item);
	return false;
}

/* The item at @at, unescaped in place and ended by NUL; NULL-terminated lists end with NULL. */
static char *item_next(char **at)
{
	char *item = *at;
	char *out = item;
	char *in = item;

	while (*in && *in != ',') {
		if (*in == '\\' && in[1])
			in++;
		*out++ = *in++;
	}
	*at = *in ? in + 1 : NULL;
	*out = '\0';
	return item;
}

bool san_parse(const char *list, struct san *ret_san, char *problem, size_t problem_len)
{
	struct san san = {.text = strdup(list)};
	size_t max = 1;
	bool is_ok = false;
	char *at;

	for (const char *comma = list; (comma = strchr(comma, ',')); comma++)
		max++;
	san.names = calloc(max, sizeof(*san.names));
	if (!san.text || !san.names) {
		snprintf(problem, problem_len, "out of memory");
		goto out;
	}
	at = san.text;
	while (at)
		if (!name_parse(item_next(&at), &san.names[san.count++], problem, problem_len))
			goto out;
	*ret_san = san;
	san = (struct san){0};
	is_ok = true;
out:
	san_free(&san);
	return is_ok;
}

void san_free(struct san *san)
{
	free(san->names);
	free(san->text);
	*san = (struct san){0};
}
