/* A configuration of keystore-ouc. */
#include "fuzz.h"
#include "fuzz_conf.h"

#include <stdio.h>
#include <string.h>

#include "settings.h"

static void expect_connection(const struct connection_settings *connection)
{
	bool has_blocks = connection->send_data || connection->receive_data;

	fuzz_expect(data_name_is_valid(connection->name));
	fuzz_expect(connection->id >= 1 && connection->id <= SETTINGS_CONNECTIONS_MAX);
	fuzz_expect(has_blocks != connection->is_forward);
	fuzz_expect(connection->is_forward == (*connection->plain_host != '\0'));
	fuzz_expect(!has_blocks || connection->send_data != connection->receive_data);
	fuzz_expect(connection->send_on == SEND_ON_REQUEST || connection->send_data);
	fuzz_expect((connection->send_on == SEND_ON_CYCLE) == (connection->cycle_ms >= 10));
	if (connection->is_active)
		fuzz_expect(*connection->remote && connection->remote_port &&
			    !connection->wants_client_cert);
	else
		fuzz_expect(connection->local_port && connection->keeps_open &&
			    !connection->is_secure == !connection->server_cert);
	if (!connection->is_secure)
		fuzz_expect(!connection->server_cert && !connection->client_cert);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct settings *settings = NULL;
	unsigned faults = 0;
	FILE *file;

	if (!len)
		return 0;
	file = fmemopen((void *)(uintptr_t)bytes, len, "r");
	fuzz_expect(file != NULL);
	fuzz_expect(settings_read(file, fuzz_conf_told, &faults, &settings) == !faults);
	for (size_t i = 0; settings && i < settings->connection_count; i++)
		expect_connection(&settings->connections[i]);
	settings_free(settings);
	fclose(file);
	return 0;
}
