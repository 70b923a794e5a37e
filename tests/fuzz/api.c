/* A request to the API of keystore-https, while keystored is away: "POST /api/v1/session?a=b", headers, body. */
#include "fuzz.h"

#include "../unit/https/fake_http.h"
#include "api.h"
#include "http_text.h"

static char *line_of(char **text)
{
	char *line = *text;
	char *end = strchr(line, '\n');

	*text = end ? end + 1 : line + strlen(line);
	if (end)
		*end = '\0';
	return line;
}

static void take_headers(struct http_request *request, char **text)
{
	char *line;

	for (size_t i = 0; **text && *(line = line_of(text));) {
		char *value = strchr(line, ':');

		if (!value || i == FAKE_FIELDS_MAX)
			continue;
		*value++ = '\0';
		request->headers[i].name = line;
		snprintf(request->headers[i++].value, sizeof(request->headers->value), "%s",
			 value + strspn(value, " "));
	}
}

/* As the server does before a handler sees it. */
static bool take_target(struct http_request *request, char *target)
{
	struct http_query query = {0};
	char *text = strchr(target, '?');

	if (*target != '/' || strlen(target) > HTTP_PATH_MAX)
		return false;
	request->path = target;
	if (!text)
		return true;
	*text++ = '\0';
	request->query = text;
	if (!http_query_parse(text, &query))
		return false;
	for (size_t i = 0; i < query.count; i++) {
		request->parameters[i].name = query.parameters[i].name;
		snprintf(request->parameters[i].value, sizeof(request->parameters->value), "%s",
			 query.parameters[i].value);
	}
	return true;
}

static void take(struct http_request *request)
{
	const struct api_options options = {.service = "web", .name = "", .location = ""};
	sd_event *event = NULL;
	struct api *api;
	json_t *answer;

	fuzz_expect(sd_event_new(&event) >= 0);
	api = api_new(event, &options);
	fuzz_expect(api != NULL);
	if (api_take(api, request)) {
		/* Nothing is done, and nobody waits. */
		fuzz_expect(request->answers == 1 && request->status != 500);
		answer = json_loads(request->text, 0, NULL);
		fuzz_expect(json_is_object(answer));
		fuzz_expect(request->status == 200 ||
			    json_integer_value(json_object_get(answer, "status")) ==
				    request->status);
		fuzz_expect(request->status != 200 || request->method == HTTP_GET ||
			    request->method == HTTP_HEAD);
		json_decref(answer);
	}
	api_free(api);
	sd_event_unref(event);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct http_request request = {.method = HTTP_OTHER};
	char *text = malloc(len + 1), *rest = text, *line, *target;

	fuzz_expect(text != NULL);
	memcpy(text, bytes, len);
	text[len] = '\0';
	line = line_of(&rest);
	target = strchr(line, ' ');
	if (target) {
		*target++ = '\0';
		for (enum http_method i = HTTP_GET; i < HTTP_OTHER; i++) {
			if (strcmp(line, http_method_name(i)) == 0)
				request.method = i;
		}
		take_headers(&request, &rest);
		request.body = rest;
		if (take_target(&request, target))
			take(&request);
	}
	free(request.text);
	free(text);
	return 0;
}
