#include "front_end_main.h"
#include "settings.h"
#include "site.h"

static bool read_settings(FILE *file, conf_problem_fn *problem, void *user, void **ret_settings)
{
	struct https_settings *settings;

	if (!https_settings_read(file, problem, user, &settings))
		return false;
	*ret_settings = settings;
	return true;
}

static void forget_settings(void *settings)
{
	https_settings_free(settings);
}

static bool is_enabled(const void *user)
{
	const struct https_settings *settings = user;

	return settings->is_enabled;
}

static char *socket_of(void *user, size_t *ret_size)
{
	struct https_settings *settings = user;

	*ret_size = sizeof(settings->socket);
	return settings->socket;
}

/*
 * A connection has its socket and a pair to the HTTP server; a handshake an eventfd besides, for what
 * it asks of keystored.
 */
static unsigned long long descriptors(const void *user)
{
	const struct https_settings *settings = user;

	return 3ull * settings->connections_max + 2ull * settings->handshakes_max;
}

static bool start(sd_event *event, void *settings, const struct front_end_handler *handler,
		  void *user, void **ret_service, char problem[FRONT_END_MESSAGE_MAX])
{
	struct site *site;

	if (!site_new(event, settings, handler, user, &site, problem))
		return false;
	*ret_service = site;
	return true;
}

static void end(void *service, void (*ended)(void *user), void *user)
{
	site_end(service, ended, user);
}

static void free_service(void *service)
{
	site_free(service);
}

int main(int argc, char **argv)
{
	static const struct front_end_kind kind = {
		.name = "keystore-https",
		.about = "The web pages of keystored, and its JSON interface, over HTTPS alone.",
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
