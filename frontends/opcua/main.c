#include "front_end_main.h"
#include "server.h"
#include "settings.h"

static bool read_settings(FILE *file, conf_problem_fn *problem, void *user, void **ret_settings)
{
	struct opcua_settings *settings;

	if (!opcua_settings_read(file, problem, user, &settings))
		return false;
	*ret_settings = settings;
	return true;
}

static void forget_settings(void *settings)
{
	opcua_settings_free(settings);
}

static bool is_enabled(const void *user)
{
	const struct opcua_settings *settings = user;

	return settings->is_enabled;
}

static char *socket_of(void *user, size_t *ret_size)
{
	struct opcua_settings *settings = user;

	*ret_size = sizeof(settings->socket);
	return settings->socket;
}

/* A connection has its socket. */
static unsigned long long descriptors(const void *user)
{
	const struct opcua_settings *settings = user;

	return settings->connections_max;
}

static bool start(sd_event *event, void *settings, const struct front_end_handler *handler,
		  void *user, void **ret_service, char problem[FRONT_END_MESSAGE_MAX])
{
	struct server *server;

	if (!server_new(event, settings, handler, user, &server, problem))
		return false;
	*ret_service = server;
	return true;
}

static void end(void *service, void (*ended)(void *user), void *user)
{
	server_end(service, ended, user);
}

static void free_service(void *service)
{
	server_free(service);
}

int main(int argc, char **argv)
{
	static const struct front_end_kind kind = {
		.name = "keystore-opcua",
		.about = "An OPC UA server with keys of keystored, which a GDS manages while it "
			 "runs.",
		.read = read_settings,
		.forget = forget_settings,
		.is_enabled = is_enabled,
		.socket = socket_of,
		.descriptors = descriptors,
		.start = start,
		.end = end,
		.free = free_service,
	};

	return front_end_main(&kind, argc, argv);
}
