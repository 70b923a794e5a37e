/* A configuration of keystore-https. */
#include "fuzz.h"
#include "fuzz_conf.h"

#include <stdio.h>
#include <string.h>

#include "settings.h"

static void expect_place(const struct listener_place *place)
{
	fuzz_expect(place->port != 0);
	fuzz_expect(memchr(place->host, '\0', sizeof(place->host)) != NULL);
	fuzz_expect(place->host[0] != '/' && !*place->interface);
}

static void expect_settings(const struct https_settings *settings)
{
	fuzz_expect(settings->place_count >= 1 && settings->place_count <= HTTPS_PLACES_MAX);
	for (size_t i = 0; i < settings->place_count; i++)
		expect_place(&settings->places[i]);
	if (settings->redirects)
		expect_place(&settings->redirect);
	fuzz_expect(settings->name_count <= HTTPS_NAMES_MAX);
	for (size_t i = 0; i < settings->name_count; i++)
		fuzz_expect(*settings->names[i] && strlen(settings->names[i]) <= VALUE_HOST_MAX);
	fuzz_conf_line(settings->name, HTTPS_TEXT_MAX);
	fuzz_conf_line(settings->location, HTTPS_TEXT_MAX);
	fuzz_expect(*settings->service && *settings->group);
	fuzz_expect(settings->handshakes_of_address >= 1 &&
		    settings->handshakes_of_address <= settings->handshakes_max);
	fuzz_expect(settings->connections_of_address >= 1 &&
		    settings->connections_of_address <= settings->connections_max);
	fuzz_expect(settings->handshake_ms && settings->idle_ms && settings->request_ms &&
		    settings->recheck_s);
	fuzz_expect(settings->body_max >= 65536 && settings->body_max <= 1048576);
	fuzz_expect(*settings->data_images == '/' && *settings->data_control == '/');
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct https_settings *settings = NULL;
	unsigned faults = 0;
	FILE *file;

	if (!len)
		return 0;
	file = fmemopen((void *)(uintptr_t)bytes, len, "r");
	fuzz_expect(file != NULL);
	fuzz_expect(https_settings_read(file, fuzz_conf_told, &faults, &settings) == !faults);
	if (settings)
		expect_settings(settings);
	https_settings_free(settings);
	fclose(file);
	return 0;
}
