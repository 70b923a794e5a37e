#include "node_text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	uint32_t number;
} known[] = {
	{"Root", 84}, {"Objects", 85}, {"Types", 86}, {"Views", 87}, {"Server", 2253},
};

static bool tell(char *problem, const char *text, const char *what)
{
	snprintf(problem, NODE_TEXT_TELL, "'%.60s' is no NodeId: %s", text, what);
	return false;
}

/* Digits alone, which end at @stop. NULL: they are none, or too large. */
static const char *read_number(const char *text, char stop, uint64_t max, uint64_t *ret_number)
{
	uint64_t number = 0;
	const char *at = text;

	for (; isdigit((unsigned char)*at); at++) {
		number = number * 10 + (uint64_t)(*at - '0');
		if (number > max)
			return NULL;
	}
	if (at == text || *at != stop)
		return NULL;
	*ret_number = number;
	return at;
}

static int hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit = (char)tolower((unsigned char)digit);
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* "09087e75-8e5e-499b-954f-f2a9603db28a" */
static bool read_guid(const char *text, uint8_t guid[16])
{
	size_t len = 0;

	for (size_t i = 0; i < 36; i++) {
		int high = hex_digit(text[i]);

		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (text[i] != '-')
				return false;
			continue;
		}
		if (high < 0 || hex_digit(text[i + 1]) < 0)
			return false;
		guid[len++] = (uint8_t)(high << 4 | hex_digit(text[++i]));
	}
	return text[36] == '\0';
}

static bool is_base64(const char *text)
{
	size_t len = strlen(text);
	size_t digits = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789+/");

	return len % 4 == 0 && len - digits <= 2 && strspn(text + digits, "=") == len - digits;
}

/* A ';' in a URI is written %3B, and a '%' %25 (OPC 10000-6 5.3.1.11). */
static const char *read_uri(const char *text, struct node_text *node)
{
	size_t len = 0;

	for (; *text && *text != ';'; text++) {
		if (len == NODE_URI_MAX)
			return NULL;
		if (*text == '%' && hex_digit(text[1]) >= 0 && hex_digit(text[2]) >= 0) {
			int code = hex_digit(text[1]) << 4 | hex_digit(text[2]);

			if (!code)
				return NULL;
			node->uri[len++] = (char)code;
			text += 2;
		} else {
			node->uri[len++] = *text;
		}
	}
	node->uri[len] = '\0';
	return len && *text == ';' ? text : NULL;
}

static bool read_identifier(const char *text, const char *at, struct node_text *node, char *problem)
{
	uint64_t number = 0;

	if (!*at || at[1] != '=')
		return tell(problem, text,
			    "write i=NUMBER, s=TEXT, g=GUID or b=BASE64, with ns=NUMBER; or "
			    "nsu=URI; before it");
	if (strlen(at + 2) > NODE_TEXT_MAX)
		return tell(problem, text, "it is longer than 4096 bytes");
	node->text = at + 2;
	switch (*at) {
	case 'i':
		node->kind = NODE_NUMERIC;
		if (!read_number(at + 2, '\0', UINT32_MAX, &number))
			return tell(problem, text, "behind i= is a number from 0 to 4294967295");
		node->number = (uint32_t)number;
		return true;
	case 's':
		node->kind = NODE_STRING;
		return *node->text || tell(problem, text, "behind s= is a text");
	case 'g':
		node->kind = NODE_GUID;
		return read_guid(at + 2, node->guid) ||
		       tell(problem, text,
			    "behind g= is a GUID, like 09087e75-8e5e-499b-954f-f2a9603db28a");
	case 'b':
		node->kind = NODE_BYTES;
		return is_base64(at + 2) || tell(problem, text, "behind b= are bytes in base64");
	default:
		return tell(problem, text, "it begins with i=, s=, g= or b=");
	}
}

bool node_text_read(const char *text, struct node_text *ret_node, char *problem)
{
	struct node_text node = {0};
	const char *at = text;
	uint64_t number = 0;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i].name, text) != 0)
			continue;
		node.number = known[i].number;
		*ret_node = node;
		return true;
	}
	if (strncmp(at, "ns=", 3) == 0) {
		at = read_number(at + 3, ';', UINT16_MAX, &number);
		if (!at)
			return tell(problem, text, "behind ns= are a number up to 65535 and a ';'");
		node.namespace = (uint16_t)number;
		at++;
	} else if (strncmp(at, "nsu=", 4) == 0) {
		at = read_uri(at + 4, &node);
		if (!at)
			return tell(problem, text, "behind nsu= are a namespace's URI and a ';'");
		at++;
	}
	if (!read_identifier(text, at, &node, problem))
		return false;
	*ret_node = node;
	return true;
}
