/* What a request says in its target, Host and lists: the first byte chooses which. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "http_text.h"

/* What is decoded is UTF-8 without NUL, as jansson sees it too, and is not longer. */
static void check_text(const char *text, size_t len)
{
	json_t *string = json_stringn(text, strlen(text));

	fuzz_expect(string != NULL && strlen(text) <= len);
	json_decref(string);
}

static void check_query(char *text, size_t len)
{
	struct http_query query;

	if (!http_query_parse(text, &query))
		return;
	fuzz_expect(query.count <= HTTP_PARAMETERS_MAX);
	for (size_t i = 0; i < query.count; i++) {
		check_text(query.parameters[i].name, len);
		check_text(query.parameters[i].value, len);
		fuzz_expect(http_query_find(&query, query.parameters[i].name) ==
			    query.parameters[i].value);
	}
}

/* What it names, it names again. */
static void check_host(const char *text)
{
	char name[HTTP_HOST_MAX + 1], again[HTTP_HOST_MAX + 3], once_more[HTTP_HOST_MAX + 1];
	bool is_address;

	if (!http_host_parse(text, name))
		return;
	is_address = strchr(name, ':') != NULL || *text == '[';
	fuzz_expect(*name && !strpbrk(name, "/@?#% \r\n"));
	snprintf(again, sizeof(again), "%s%s%s", is_address ? "[" : "", name,
		 is_address ? "]" : "");
	/* One last dot is left out at a time. */
	fuzz_expect(http_host_parse(again, once_more));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = len ? malloc(2 * len) : NULL;

	if (!text)
		return 0;
	memcpy(text, bytes + 1, len - 1);
	text[len - 1] = '\0';
	switch (bytes[0] % 4) {
	case 0:
		check_query(text, len);
		break;
	case 1:
		check_host(text);
		break;
	case 2:
		if (http_text_decode(text, len - 1, true, text + len))
			check_text(text + len, len);
		break;
	case 3:
		(void)http_etag_matches(text, "\"abc\"");
		(void)http_accepts_coding(text, "gzip");
		break;
	}
	free(text);
	return 0;
}
