#include "station.h"

#include <stdio.h>
#include <string.h>

#include "../../support/temp_dir.h"
#include "../stream/loop.h"

static char dir[TEMP_PATH_MAX];
static char problem[STATION_PROBLEM_MAX];
static struct settings *settings;
static struct events *events;
static struct station *station;
static unsigned changes;

static void on_problem(unsigned line, const char *section, const char *field, bool is_warning,
		       const char *message, void *user)
{
	(void)user;
	cr_expect(is_warning, "line %u: [%s] %s: %s", line, section, field, message);
}

static void on_change(struct connection *connection, void *user)
{
	(void)connection;
	(void)user;
	changes++;
}

static void set_up(void)
{
	loop_up();
	temp_dir_make(dir);
	events = events_new(loop, -1);
	changes = 0;
}

static void tear_down(void)
{
	station_free(station);
	events_free(events);
	settings_free(settings);
	loop_down();
	temp_dir_remove(dir);
}

/* Two connections of one station, which talk to each other. */
static void read_settings(const char *runtime)
{
	char text[1024];
	uint16_t port = free_port();
	FILE *file;

	snprintf(text, sizeof(text),
		 "[keystore-ouc]\nRuntimeDirectory = %s\n"
		 "[block Send_Data]\nVar1 = Bool\nVar2 = String\n"
		 "[block Received_Data]\nVar1 = Bool\nVar2 = String\n"
		 "[Send]\nType = TCON_IP_V4_SEC\nID = 1\nActiveEstablished = TRUE\n"
		 "RemoteAddress = 127.0.0.1\nRemotePort = %u\nActivateSecureConn = FALSE\n"
		 "TSEND_C = Send_Data\nREQ = change\n"
		 "[Receive]\nType = TCON_IP_V4_SEC\nID = 2\nActiveEstablished = FALSE\n"
		 "LocalPort = %u\nActivateSecureConn = FALSE\nTRCV_C = Received_Data\n",
		 runtime, (unsigned)port, (unsigned)port);
	file = fmemopen(text, strlen(text), "r");
	cr_assert(settings_read(file, on_problem, NULL, &settings));
	fclose(file);
}

static struct connection_outputs outputs_of(const char *name)
{
	struct connection_outputs outputs;

	connection_outputs(station_find(station, name), &outputs);
	return outputs;
}

static void run_until_received(uint64_t count)
{
	while (outputs_of("Receive").received < count)
		cr_assert_geq(sd_event_run(loop, UINT64_MAX), 0);
}

TestSuite(station, .init = set_up, .fini = tear_down, .timeout = 60);

Test(station, carries_a_change_from_one_block_to_another)
{
	uint8_t bytes[258] = {1, 0, 254, 5, 'H', 'e', 'l', 'l', 'o'};

	read_settings(dir);
	cr_assert(station_new(loop, settings, events, &station, problem), "%s", problem);
	station_on_change(station, on_change, NULL);
	station_write(station, station_image(station, "Send_Data"), bytes);
	run_until_received(1);
	cr_assert(station_has_begun(station));
	cr_assert_eq(memcmp(data_image_bytes(station_image(station, "Received_Data")), bytes, 258),
		     0);
	cr_assert_gt(changes, 0);
	/* The same again is no change. */
	station_write(station, station_image(station, "Send_Data"), bytes);
	bytes[0] = 0;
	station_write(station, station_image(station, "Send_Data"), bytes);
	run_until_received(2);
	cr_assert_eq(outputs_of("Send").sent, 2);
}

Test(station, knows_its_connections_and_blocks)
{
	read_settings(dir);
	cr_assert(station_new(loop, settings, events, &station, problem), "%s", problem);
	cr_assert_eq(station_connection(station, 0), station_find(station, "Send"));
	cr_assert_eq(station_connection(station, 1), station_find(station, "Receive"));
	cr_assert_null(station_connection(station, 2));
	cr_assert_null(station_find(station, "Nobody"));
	cr_assert_null(station_image(station, "Nothing"));
	cr_assert_not_null(station_image(station, "Send_Data"));
}

Test(station, tells_why_it_cannot_be)
{
	char nowhere[TEMP_PATH_MAX + 16];

	snprintf(nowhere, sizeof(nowhere), "%s/nowhere", dir);
	read_settings(nowhere);
	cr_assert(!station_new(loop, settings, events, &station, problem));
	cr_assert_not_null(strstr(problem, "nowhere"), "%s", problem);
}
