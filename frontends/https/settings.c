#include "settings.h"

#include <stdlib.h>
#include <string.h>

#include "conf_file.h"
#include "conf_listen.h"

#define SECTION	     "keystore-https"
#define MANUAL	     "keystore-https.conf(5)"
#define PORT_HTTPS   443
#define CONTROL_NAME "/control.sock"
#define IMAGES_MAX   (VALUE_PATH_MAX - (sizeof(CONTROL_NAME) - 1))

enum field {
	FIELD_ENABLED,
	FIELD_SOCKET,
	FIELD_SERVICE,
	FIELD_LISTEN,
	FIELD_REDIRECT,
	FIELD_NAME,
	FIELD_LOCATION,
	FIELD_SERVER_NAMES,
	FIELD_CLIENT_CERTIFICATE,
	FIELD_GROUP,
	FIELD_TLS12,
	FIELD_HANDSHAKES_MAX,
	FIELD_HANDSHAKES_PER_ADDRESS,
	FIELD_HANDSHAKE_TIMEOUT,
	FIELD_RECHECK_INTERVAL,
	FIELD_CONNECTIONS_MAX,
	FIELD_CONNECTIONS_PER_ADDRESS,
	FIELD_IDLE_TIMEOUT,
	FIELD_REQUEST_TIMEOUT,
	FIELD_BODY_MAX,
	FIELD_DATA_IMAGES,
	FIELD_DATA_CONTROL,
	FIELDS,
};

struct reading {
	struct conf_file conf;
	struct https_settings *settings;
	unsigned section_line;
	unsigned lines[FIELDS];			/* where each was given; 0: it was not */
	unsigned place_lines[HTTPS_PLACES_MAX]; /* of settings->places */
	bool is_bad[FIELDS];			/* it was given, and refused */
};

static bool read_places(const struct conf_field *field, const char *text, void *owner, void *member)
{
	struct https_settings *settings = owner;
	size_t count = settings->place_count;
	char words[CONF_LINE_BUFFER];
	char *rest = words;
	char *word;

	(void)field;
	(void)member;
	strcpy(words, text);
	while ((word = conf_next_word(&rest)) != NULL)
		if (count == HTTPS_PLACES_MAX ||
		    !conf_listen_read(word, &settings->places[count++]))
			return false;
	if (count == settings->place_count)
		return false;
	settings->place_count = count;
	return true;
}

static bool read_redirect(const struct conf_field *field, const char *text, void *owner,
			  void *member)
{
	struct https_settings *settings = owner;

	(void)field;
	settings->redirects = conf_listen_read(text, member);
	return settings->redirects;
}

static bool read_names(const struct conf_field *field, const char *text, void *owner, void *member)
{
	struct https_settings *settings = owner;
	size_t count = settings->name_count;
	char words[CONF_LINE_BUFFER];
	char *rest = words;
	char *word;

	(void)field;
	(void)member;
	strcpy(words, text);
	while ((word = conf_next_word(&rest)) != NULL)
		if (count == HTTPS_NAMES_MAX || !value_host(word, settings->name_texts[count++]))
			return false;
	if (count == settings->name_count)
		return false;
	settings->name_count = count;
	return true;
}

static const struct conf_word yes_words[] = {{"yes", true}, {"no", false}, {NULL, 0}};

static const struct conf_word client_words[] = {
	{"none", HTTPS_CLIENT_NONE},
	{"optional", HTTPS_CLIENT_OPTIONAL},
	{"required", HTTPS_CLIENT_REQUIRED},
	{NULL, 0},
};

#define AT(Member) CONF_AT(struct https_settings, Member)

static const struct conf_field fields[FIELDS] = {
	[FIELD_ENABLED] = {"Enabled", conf_read_word, AT(is_enabled), .words = yes_words},
	[FIELD_SOCKET] = {"Socket", conf_read_path, AT(socket), .max = VALUE_PATH_MAX,
			  .takes = "an absolute path of at most 107 characters, without // and .."},
	[FIELD_SERVICE] = {"Service", conf_read_group, AT(service),
			   .takes = "the name of a service: 1 to 64 of A-Z a-z 0-9 . _ - beginning "
				    "with a letter"},
	[FIELD_LISTEN] = {"Listen", read_places,
			  .takes = "a port, as 443, for all addresses, or an address and a port, "
				   "as 192.0.2.1:443 or [2001:db8::1]:443; at most 8 of these"},
	[FIELD_REDIRECT] = {"RedirectHTTP", read_redirect, AT(redirect),
			    .takes = "a port, as 80, for all addresses, or an address and a port, "
				     "as 192.0.2.1:80 or [2001:db8::1]:80"},
	[FIELD_NAME] = {"Name", conf_read_text, AT(name), .max = HTTPS_TEXT_MAX,
			.takes = "a text of 1 to 128 bytes"},
	[FIELD_LOCATION] = {"Location", conf_read_text, AT(location), .max = HTTPS_TEXT_MAX,
			    .takes = "a text of 1 to 128 bytes"},
	[FIELD_SERVER_NAMES] = {"ServerNames", read_names,
				.takes = "names of this machine, as gateway.plant.example, or "
					 "addresses, as 192.0.2.1 or 2001:db8::1; at most 16 of "
					 "these"},
	[FIELD_CLIENT_CERTIFICATE] = {"ClientCertificate", conf_read_word, AT(client_certificate),
				      .words = client_words},
	[FIELD_GROUP] = {"TrustGroup", conf_read_group, AT(group),
			 .takes = "the name of a trust group: 1 to 64 of A-Z a-z 0-9 . _ - "
				  "beginning with a letter"},
	[FIELD_TLS12] = {"TLS12", conf_read_word, AT(allows_tls12), .words = yes_words},
	[FIELD_HANDSHAKES_MAX] = {"HandshakesMax", conf_read_number, AT(handshakes_max), 1, 65535},
	[FIELD_HANDSHAKES_PER_ADDRESS] = {"HandshakesPerAddress", conf_read_number,
					  AT(handshakes_of_address), 1, 65535},
	[FIELD_HANDSHAKE_TIMEOUT] = {"HandshakeTimeout", conf_read_time, AT(handshake_ms), 100,
				     10 * 60000, .unit_ms = 1},
	[FIELD_RECHECK_INTERVAL] = {"RecheckInterval", conf_read_time, AT(recheck_s), 1000,
				    7 * 86400000, .unit_ms = 1000},
	[FIELD_CONNECTIONS_MAX] = {"ConnectionsMax", conf_read_number, AT(connections_max), 1,
				   65535},
	[FIELD_CONNECTIONS_PER_ADDRESS] = {"ConnectionsPerAddress", conf_read_number,
					   AT(connections_of_address), 1, 65535},
	[FIELD_IDLE_TIMEOUT] = {"IdleTimeout", conf_read_time, AT(idle_ms), 1000, 3600000,
				.unit_ms = 1},
	[FIELD_REQUEST_TIMEOUT] = {"RequestTimeout", conf_read_time, AT(request_ms), 1000,
				   10 * 60000, .unit_ms = 1},
	[FIELD_BODY_MAX] = {"BodyMax", conf_read_size, AT(body_max), 64 << 10, 1 << 20},
	[FIELD_DATA_IMAGES] = {"DataImages", conf_read_path, AT(data_images), .max = IMAGES_MAX,
			       .takes = "an absolute path of at most 94 characters, so that the "
					"control socket's fits, without // and .."},
	[FIELD_DATA_CONTROL] = {"DataControl", conf_read_path, AT(data_control),
				.max = VALUE_PATH_MAX,
				.takes = "an absolute path of at most 107 characters, without // "
					 "and .."},
};

static const struct https_settings defaults = {
	.service = "web-server",
	.group = "https",
	.allows_tls12 = true,
	.handshakes_max = 256,
	.handshakes_of_address = 32,
	.handshake_ms = 10000,
	.recheck_s = 3600,
	.connections_max = 600,
	.connections_of_address = 64,
	.idle_ms = 60000,
	.request_ms = 20000,
	.body_max = 512 << 10,
	.data_images = "/run/keystore-ouc",
};

static bool begin_section(struct conf_file *conf, const char *name, void *user)
{
	struct reading *reading = user;

	if (strcmp(name, SECTION) != 0) {
		conf_fault(&conf->report, conf->line, name, "",
			   "there is no such section; there is [" SECTION "] alone");
		return false;
	}
	if (reading->section_line) {
		conf_fault(&conf->report, conf->line, name, "",
			   "line %u has this section already; join the two", reading->section_line);
		return false;
	}
	reading->section_line = conf->line;
	return true;
}

/* Lists may be continued by another line. */
static unsigned *line_of(struct reading *reading, int field)
{
	if (field == FIELD_LISTEN || field == FIELD_SERVER_NAMES)
		reading->lines[field] = 0;
	return &reading->lines[field];
}

static void read_field(struct conf_file *conf, const char *name, const char *value, void *user)
{
	struct reading *reading = user;
	struct https_settings *settings = reading->settings;
	int field = conf_field_find(fields, FIELDS, name);
	size_t places = settings->place_count;

	if (field < 0) {
		conf_file_refuse_field(conf, name, conf_field_nearest(fields, FIELDS, name), NULL,
				       MANUAL);
		return;
	}
	if (!conf_file_take(conf, &fields[field], value, settings, line_of(reading, field)))
		reading->is_bad[field] = true;
	while (places < settings->place_count)
		reading->place_lines[places++] = conf->line;
}

static const struct conf_sections sections = {
	.begin = begin_section,
	.field = read_field,
	.outside = "it stands before the first section; put [" SECTION "] above it",
};

/* What each address may have is at most what all of them may: @of_address is told, or follows. */
static void check_share(struct reading *reading, enum field all, unsigned max,
			enum field of_address, unsigned *share)
{
	if (*share <= max)
		return;
	if (reading->lines[of_address] && !reading->is_bad[all] && !reading->is_bad[of_address])
		conf_fault(&reading->conf.report, reading->lines[of_address], SECTION,
			   fields[of_address].name, "it is more than %s, %u; give at most that",
			   fields[all].name, max);
	*share = max;
}

static void check_places(struct reading *reading)
{
	const struct https_settings *settings = reading->settings;

	for (size_t i = 0; i < settings->place_count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (!conf_listen_overlap(&settings->places[i], &settings->places[j]))
				continue;
			conf_fault(&reading->conf.report, reading->place_lines[i], SECTION,
				   fields[FIELD_LISTEN].name,
				   "line %u has port %u at this address already; leave one of the "
				   "two",
				   reading->place_lines[j], settings->places[i].port);
			break;
		}
		if (settings->redirects &&
		    conf_listen_overlap(&settings->places[i], &settings->redirect))
			conf_fault(&reading->conf.report, reading->lines[FIELD_REDIRECT], SECTION,
				   fields[FIELD_REDIRECT].name,
				   "HTTPS has port %u at this address; give another, as 80",
				   settings->redirect.port);
	}
}

static void finish(struct reading *reading)
{
	struct https_settings *settings = reading->settings;

	if (!settings->place_count && !reading->is_bad[FIELD_LISTEN])
		settings->places[settings->place_count++].port = PORT_HTTPS;
	check_places(reading);
	check_share(reading, FIELD_HANDSHAKES_MAX, settings->handshakes_max,
		    FIELD_HANDSHAKES_PER_ADDRESS, &settings->handshakes_of_address);
	check_share(reading, FIELD_CONNECTIONS_MAX, settings->connections_max,
		    FIELD_CONNECTIONS_PER_ADDRESS, &settings->connections_of_address);
	if (reading->lines[FIELD_GROUP] && settings->client_certificate == HTTPS_CLIENT_NONE &&
	    !reading->is_bad[FIELD_CLIENT_CERTIFICATE])
		conf_warning(&reading->conf.report, reading->lines[FIELD_GROUP], SECTION,
			     fields[FIELD_GROUP].name,
			     "ClientCertificate is none, so there is nobody to judge by it");
	if (!*settings->data_control) {
		strcpy(settings->data_control, settings->data_images);
		strcat(settings->data_control, CONTROL_NAME);
	}
	for (size_t i = 0; i < settings->name_count; i++)
		settings->names[i] = settings->name_texts[i];
}

void https_settings_free(struct https_settings *settings)
{
	free(settings);
}

bool https_settings_read(FILE *file, conf_problem_fn *problem, void *user,
			 struct https_settings **ret_settings)
{
	struct reading reading = {
		.conf = {.file = file,
			 .report = {.problem = problem, .user = user},
			 .sections = &sections},
		.settings = malloc(sizeof(*reading.settings)),
	};

	reading.conf.user = &reading;
	if (reading.settings)
		*reading.settings = defaults;
	if (reading.settings && conf_file_read(&reading.conf))
		finish(&reading);
	else
		conf_fault(&reading.conf.report, 0, "", "", "there is not enough memory");
	if (reading.conf.report.is_faulty) {
		https_settings_free(reading.settings);
		return false;
	}
	*ret_settings = reading.settings;
	return true;
}
