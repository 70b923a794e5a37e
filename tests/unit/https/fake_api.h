/* The API over requests without connections, where keystored is away. */
#ifndef FAKE_API_H
#define FAKE_API_H

#include <criterion/criterion.h>
#include <jansson.h>

#include "api_private.h"
#include "fake_http.h"

static sd_event *fake_loop;
static struct api *fake_api;
static struct http_request fake; /* the one that is asked */

static inline void fake_api_new(void)
{
	const struct api_options options = {.service = "web", .name = "n", .location = "l"};

	cr_assert_geq(sd_event_new(&fake_loop), 0);
	fake_api = api_new(fake_loop, &options);
	cr_assert_not_null(fake_api);
	fake = (struct http_request){.path = "/"};
}

static inline void fake_api_free(void)
{
	fake_request_end(&fake);
	api_free(fake_api);
	sd_event_unref(fake_loop);
}

/* A member of the problem that @fake was answered. */
static inline const char *fake_problem(const char *name)
{
	static char text[512];
	json_t *object = fake.text ? json_loads(fake.text, 0, NULL) : NULL;
	const char *value = json_string_value(json_object_get(object, name));

	snprintf(text, sizeof(text), "%s", value ? value : "");
	json_decref(object);
	return text;
}

#endif
