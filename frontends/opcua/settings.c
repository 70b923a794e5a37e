#include "settings.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "conf_file.h"
#include "conf_listen.h"

#define SECTION	     "keystore-opcua"
#define MANUAL	     "keystore-opcua.conf(5)"
#define PORT_OPCUA   4840
#define CONTROL_NAME "/control.sock"
#define IMAGES_MAX   (VALUE_PATH_MAX - (sizeof(CONTROL_NAME) - 1))
#define MINUTE_MS    60000u

enum field {
	FIELD_ENABLED,
	FIELD_SOCKET,
	FIELD_SERVICE,
	FIELD_HTTPS_SERVICE,
	FIELD_LISTEN,
	FIELD_NAME,
	FIELD_APPLICATION_URI,
	FIELD_PRODUCT_URI,
	FIELD_HOST_NAMES,
	FIELD_ENDPOINTS,
	FIELD_ANONYMOUS,
	FIELD_ANONYMOUS_RIGHTS,
	FIELD_USER_NAMES,
	FIELD_USER_CERTIFICATES,
	FIELD_USER_GROUP,
	FIELD_PROVISIONING,
	FIELD_BUFFER_MAX,
	FIELD_MESSAGE_MAX,
	FIELD_CHANNEL_LIFETIME,
	FIELD_TOKEN_LIFETIME,
	FIELD_CONNECTIONS_MAX,
	FIELD_CONNECTIONS_PER_ADDRESS,
	FIELD_SESSIONS_MAX,
	FIELD_SESSION_TIMEOUT,
	FIELD_SUBSCRIPTIONS_MAX,
	FIELD_MONITORED_ITEMS_MAX,
	FIELD_TRUST_LIST_MAX,
	FIELD_SEND_CHAIN,
	FIELD_GRACE_PERIOD,
	FIELD_DATA_IMAGES,
	FIELD_DATA_CONTROL,
	FIELDS,
};

struct reading {
	struct conf_file conf;
	struct opcua_settings *settings;
	unsigned section_line;
	unsigned lines[FIELDS];			/* where each was given; 0: it was not */
	unsigned place_lines[OPCUA_PLACES_MAX]; /* of settings->places */
	unsigned endpoint_lines[OPCUA_ENDPOINTS_MAX];
	bool is_bad[FIELDS]; /* it was given, and refused */
};

static bool read_places(const struct conf_field *field, const char *text, void *owner, void *member)
{
	struct opcua_settings *settings = owner;
	size_t count = settings->place_count;
	char words[CONF_LINE_BUFFER];
	char *rest = words;
	char *word;

	(void)field;
	(void)member;
	strcpy(words, text);
	while ((word = conf_next_word(&rest)) != NULL)
		if (count == OPCUA_PLACES_MAX ||
		    !conf_listen_read(word, &settings->places[count++]))
			return false;
	if (count == settings->place_count)
		return false;
	settings->place_count = count;
	return true;
}

static bool read_hosts(const struct conf_field *field, const char *text, void *owner, void *member)
{
	struct opcua_settings *settings = owner;
	size_t count = settings->host_count;
	char words[CONF_LINE_BUFFER];
	char *rest = words;
	char *word;

	(void)field;
	(void)member;
	strcpy(words, text);
	while ((word = conf_next_word(&rest)) != NULL)
		if (count == OPCUA_HOSTS_MAX || !value_host(word, settings->hosts[count++]))
			return false;
	if (count == settings->host_count)
		return false;
	settings->host_count = count;
	return true;
}

/* "None", or "Basic256Sha256:Sign". */
static bool read_endpoint(char *word, struct opcua_endpoint *endpoint)
{
	static const struct conf_word modes[] = {
		{"Sign", OPN_MODE_SIGN}, {"SignAndEncrypt", OPN_MODE_SIGN_AND_ENCRYPT}, {NULL, 0}};
	char *mode = strchr(word, ':');
	const struct policy_kind *kind;

	if (mode)
		*mode++ = '\0';
	kind = policy_kind_by_name(word);
	if (!kind || (kind->id == POLICY_NONE) != !mode)
		return false;
	*endpoint = (struct opcua_endpoint){kind->id, OPN_MODE_NONE};
	for (const struct conf_word *known = modes; mode && known->text; known++)
		if (strcmp(known->text, mode) == 0)
			endpoint->mode = (enum opn_mode)known->value;
	return !mode || endpoint->mode != OPN_MODE_NONE;
}

static bool is_among(const struct opcua_endpoint *endpoints, size_t count,
		     const struct opcua_endpoint *wanted)
{
	for (size_t i = 0; i < count; i++)
		if (endpoints[i].policy == wanted->policy && endpoints[i].mode == wanted->mode)
			return true;
	return false;
}

static bool read_endpoints(const struct conf_field *field, const char *text, void *owner,
			   void *member)
{
	struct opcua_settings *settings = owner;
	size_t count = settings->endpoint_count;
	char words[CONF_LINE_BUFFER];
	char *rest = words;
	char *word;

	(void)field;
	(void)member;
	strcpy(words, text);
	while ((word = conf_next_word(&rest)) != NULL) {
		struct opcua_endpoint endpoint;

		if (!read_endpoint(word, &endpoint) ||
		    is_among(settings->endpoints, count, &endpoint))
			return false;
		settings->endpoints[count++] = endpoint;
	}
	if (count == settings->endpoint_count)
		return false;
	settings->endpoint_count = count;
	return true;
}

/* None of these lets anybody manage: for that, keystored wants to know who it is. */
static const struct conf_word rights[] = {
	{"view", KS_RIGHT_VIEW},
	{"read-diagnostics", KS_RIGHT_READ_DIAGNOSTICS},
	{"read-process-data", KS_RIGHT_READ_PROCESS_DATA},
	{"write-process-data", KS_RIGHT_WRITE_PROCESS_DATA},
	{NULL, 0},
};

static unsigned right_of(const char *word)
{
	for (const struct conf_word *right = rights; right->text; right++)
		if (strcmp(right->text, word) == 0)
			return (unsigned)right->value;
	return 0;
}

static bool read_rights(const struct conf_field *field, const char *text, void *owner, void *member)
{
	char words[CONF_LINE_BUFFER];
	char *rest = words;
	unsigned found = 0;
	char *word;

	(void)field;
	(void)owner;
	strcpy(words, text);
	if (strcmp(words, "none") != 0) {
		while ((word = conf_next_word(&rest)) != NULL) {
			if (!right_of(word))
				return false;
			found |= right_of(word);
		}
		if (!found)
			return false;
	}
	*(unsigned *)member = found;
	return true;
}

static bool read_service_or_none(const struct conf_field *field, const char *text, void *owner,
				 void *member)
{
	if (strcmp(text, "none") != 0)
		return conf_read_group(field, text, owner, member);
	*(char *)member = '\0';
	return true;
}

/* RFC 3986 3: a scheme and something; the certificate has to have exactly that. */
static bool read_uri(const struct conf_field *field, const char *text, void *owner, void *member)
{
	const char *colon = strchr(text, ':');

	if (!colon || colon == text || !colon[1])
		return false;
	for (const char *at = text; *at; at++)
		if (*at <= ' ' || *at > '~' || strchr("\"<>\\^`{|}", *at))
			return false;
	return conf_read_text(field, text, owner, member);
}

#define AT(Member) CONF_AT(struct opcua_settings, Member)
#define TAKES_URI                                                                                  \
	"a URI of at most 190 ASCII characters, as urn:plant.example:keystore-opcua:gateway7"
#define TAKES_RIGHTS                                                                               \
	"none, or of view, read-diagnostics, read-process-data and write-process-data those "      \
	"that are given"

static const struct conf_field fields[FIELDS] = {
	[FIELD_ENABLED] = {"Enabled", conf_read_bool, AT(is_enabled)},
	[FIELD_SOCKET] = {"Socket", conf_read_path, AT(socket), .max = VALUE_PATH_MAX,
			  .takes = "an absolute path of at most 107 characters, without // and .."},
	[FIELD_SERVICE] = {"Service", conf_read_group, AT(service),
			   .takes = "the name of a service: 1 to 64 of A-Z a-z 0-9 . _ - beginning "
				    "with a letter"},
	[FIELD_HTTPS_SERVICE] = {"HttpsService", read_service_or_none, AT(https_service),
				 .takes = "the name of a service: 1 to 64 of A-Z a-z 0-9 . _ - "
					  "beginning with a letter; or none"},
	[FIELD_LISTEN] = {"Listen", read_places,
			  .takes = "a port, as 4840, for all addresses, or an address and a port, "
				   "as 192.0.2.1:4840 or [2001:db8::1]:4840; at most 8 of these"},
	[FIELD_NAME] = {"Name", conf_read_text, AT(name), .max = OPCUA_TEXT_MAX,
			.takes = "a text of 1 to 128 bytes"},
	[FIELD_APPLICATION_URI] = {"ApplicationUri", read_uri, AT(application_uri),
				   .max = OPCUA_URI_MAX, .takes = TAKES_URI},
	[FIELD_PRODUCT_URI] = {"ProductUri", read_uri, AT(product_uri), .max = OPCUA_URI_MAX,
			       .takes = TAKES_URI},
	[FIELD_HOST_NAMES] = {"HostNames", read_hosts,
			      .takes = "names of this machine, as gateway.plant.example, or "
				       "addresses, as 192.0.2.1 or 2001:db8::1; at most 8 of "
				       "these"},
	[FIELD_ENDPOINTS] = {"Endpoints", read_endpoints,
			     .takes = "a policy and its mode, as Basic256Sha256:Sign, "
				      "Aes128_Sha256_RsaOaep:SignAndEncrypt or "
				      "Aes256_Sha256_RsaPss:SignAndEncrypt, or None; several of "
				      "these, each once"},
	[FIELD_ANONYMOUS] = {"Anonymous", conf_read_bool, AT(allows_anonymous)},
	[FIELD_ANONYMOUS_RIGHTS] = {"AnonymousRights", read_rights, AT(anonymous_rights),
				    .takes = TAKES_RIGHTS},
	[FIELD_USER_NAMES] = {"UserNames", conf_read_bool, AT(allows_user_names)},
	[FIELD_USER_CERTIFICATES] = {"UserCertificates", conf_read_bool,
				     AT(allows_user_certificates)},
	[FIELD_USER_GROUP] = {"UserGroup", conf_read_group, AT(user_group),
			      .takes = "the name of a trust group: 1 to 64 of A-Z a-z 0-9 . _ - "
				       "beginning with a letter"},
	[FIELD_PROVISIONING] = {"Provisioning", conf_read_bool, AT(is_provisioned)},
	[FIELD_BUFFER_MAX] = {"MaxBufferSize", conf_read_size, AT(buffer_max), 8192, 1 << 20},
	[FIELD_MESSAGE_MAX] = {"MaxMessageSize", conf_read_size, AT(message_max), 64 << 10,
			       64 << 20},
	[FIELD_CHANNEL_LIFETIME] = {"ChannelLifetime", conf_read_time, AT(lifetime_min_ms),
				    5 * MINUTE_MS, 60 * MINUTE_MS, .unit_ms = 1},
	[FIELD_TOKEN_LIFETIME] = {"SecurityTokenLifetime", conf_read_time, AT(lifetime_max_ms),
				  5 * MINUTE_MS, 60 * MINUTE_MS, .unit_ms = 1},
	[FIELD_CONNECTIONS_MAX] = {"ConnectionsMax", conf_read_number, AT(connections_max), 1,
				   20000},
	[FIELD_CONNECTIONS_PER_ADDRESS] = {"ConnectionsPerAddress", conf_read_number,
					   AT(connections_of_address), 1, 20000},
	[FIELD_SESSIONS_MAX] = {"SessionsMax", conf_read_number, AT(sessions_max), 1, 20000},
	[FIELD_SESSION_TIMEOUT] = {"SessionTimeout", conf_read_time, AT(session_ms), 10000,
				   24 * 60 * MINUTE_MS, .unit_ms = 1},
	[FIELD_SUBSCRIPTIONS_MAX] = {"SubscriptionsMax", conf_read_number, AT(subscriptions_max), 1,
				     100000},
	[FIELD_MONITORED_ITEMS_MAX] = {"MonitoredItemsMax", conf_read_number, AT(items_max), 1,
				       1000000},
	[FIELD_TRUST_LIST_MAX] = {"MaxTrustListSize", conf_read_size, AT(trust_list_max), 64 << 10,
				  64 << 20},
	[FIELD_SEND_CHAIN] = {"SendCertificateChain", conf_read_bool, AT(sends_chain)},
	[FIELD_GRACE_PERIOD] = {"GracePeriod", conf_read_time, AT(grace_s), 0, 7 * 86400000,
				.unit_ms = 1000},
	[FIELD_DATA_IMAGES] = {"DataImages", conf_read_path, AT(data_images), .max = IMAGES_MAX,
			       .takes = "an absolute path of at most 94 characters, so that the "
					"control socket's fits, without // and .."},
	[FIELD_DATA_CONTROL] = {"DataControl", conf_read_path, AT(data_control),
				.max = VALUE_PATH_MAX,
				.takes = "an absolute path of at most 107 characters, without // "
					 "and .."},
};

static const struct opcua_settings defaults = {
	.service = "opcua-server",
	.https_service = "web-server",
	.name = "keystore-opcua",
	.product_uri = "urn:keystored:keystore-opcua",
	.allows_user_names = true,
	.allows_user_certificates = true,
	.user_group = "opcua-user",
	.buffer_max = 65535,
	.message_max = 4 << 20,
	.lifetime_min_ms = 5 * MINUTE_MS,
	.lifetime_max_ms = 60 * MINUTE_MS,
	.connections_max = 200,
	.connections_of_address = 120,
	.sessions_max = 150,
	.session_ms = 60 * MINUTE_MS,
	.subscriptions_max = 1000,
	.items_max = 50000,
	.trust_list_max = 16 << 20,
	.grace_s = 3600,
	.data_images = "/run/keystore-ouc",
};

static const struct opcua_endpoint default_endpoints[] = {
	{POLICY_BASIC256SHA256, OPN_MODE_SIGN},
	{POLICY_BASIC256SHA256, OPN_MODE_SIGN_AND_ENCRYPT},
	{POLICY_AES128_SHA256_RSAOAEP, OPN_MODE_SIGN},
	{POLICY_AES128_SHA256_RSAOAEP, OPN_MODE_SIGN_AND_ENCRYPT},
	{POLICY_AES256_SHA256_RSAPSS, OPN_MODE_SIGN},
	{POLICY_AES256_SHA256_RSAPSS, OPN_MODE_SIGN_AND_ENCRYPT},
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
	if (field == FIELD_LISTEN || field == FIELD_HOST_NAMES || field == FIELD_ENDPOINTS)
		reading->lines[field] = 0;
	return &reading->lines[field];
}

static void read_field(struct conf_file *conf, const char *name, const char *value, void *user)
{
	struct reading *reading = user;
	struct opcua_settings *settings = reading->settings;
	int field = conf_field_find(fields, FIELDS, name);
	size_t places = settings->place_count;
	size_t endpoints = settings->endpoint_count;

	if (field < 0) {
		conf_file_refuse_field(conf, name, conf_field_nearest(fields, FIELDS, name), NULL,
				       MANUAL);
		return;
	}
	if (!conf_file_take(conf, &fields[field], value, settings, line_of(reading, field)))
		reading->is_bad[field] = true;
	while (places < settings->place_count)
		reading->place_lines[places++] = conf->line;
	while (endpoints < settings->endpoint_count)
		reading->endpoint_lines[endpoints++] = conf->line;
}

static const struct conf_sections sections = {
	.begin = begin_section,
	.field = read_field,
	.outside = "it stands before the first section; put [" SECTION "] above it",
};

__attribute__((format(printf, 3, 4))) static void fault(struct reading *reading, enum field field,
							const char *format, ...)
{
	char message[CONF_MESSAGE_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	conf_fault(&reading->conf.report, reading->lines[field], SECTION, fields[field].name, "%s",
		   message);
}

static void warn(struct reading *reading, enum field field, unsigned line, const char *message)
{
	conf_warning(&reading->conf.report, line, SECTION, fields[field].name, "%s", message);
}

static void check_places(struct reading *reading)
{
	const struct opcua_settings *settings = reading->settings;

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
	}
}

/* Told at each start: who switched one on for a trial is to be reminded of it. */
static void check_endpoints(struct reading *reading)
{
	const struct opcua_settings *settings = reading->settings;

	for (size_t i = 0; i < settings->endpoint_count; i++) {
		const struct policy_kind *kind = policy_kind(settings->endpoints[i].policy);
		unsigned line = reading->endpoint_lines[i];

		if (kind->id == POLICY_NONE)
			warn(reading, FIELD_ENDPOINTS, line,
			     "None neither signs nor encrypts: whoever reaches the port reads and "
			     "changes what goes by; not for production");
		else if (kind->is_deprecated)
			conf_warning(&reading->conf.report, line, SECTION,
				     fields[FIELD_ENDPOINTS].name,
				     "%s is deprecated, since it rests on SHA-1: take it for old "
				     "clients alone, and as long as there are any",
				     kind->name);
	}
}

static bool has_encryption(const struct opcua_settings *settings)
{
	for (size_t i = 0; i < settings->endpoint_count; i++)
		if (settings->endpoints[i].mode == OPN_MODE_SIGN_AND_ENCRYPT)
			return true;
	return false;
}

/* Told at each start, too. */
static void check_provisioning(struct reading *reading)
{
	const struct opcua_settings *settings = reading->settings;

	if (!settings->is_provisioned)
		return;
	if (!has_encryption(settings) && !reading->is_bad[FIELD_ENDPOINTS])
		fault(reading, FIELD_PROVISIONING,
		      "who provisions needs an encrypted channel: add an endpoint with "
		      ":SignAndEncrypt");
	else
		warn(reading, FIELD_PROVISIONING, reading->lines[FIELD_PROVISIONING],
		     "until somebody has written the trust list, whoever reaches the port may try "
		     "passwords; set it to FALSE when that is done");
}

static bool was_bad(const struct reading *reading, enum field one, enum field other)
{
	return reading->is_bad[one] || reading->is_bad[other];
}

static void check_users(struct reading *reading)
{
	const struct opcua_settings *settings = reading->settings;

	if (!settings->allows_anonymous && !settings->allows_user_names &&
	    !settings->allows_user_certificates)
		fault(reading, FIELD_USER_NAMES,
		      "nobody could log in: set UserNames, UserCertificates or Anonymous to TRUE");
	if (settings->anonymous_rights && !settings->allows_anonymous &&
	    !was_bad(reading, FIELD_ANONYMOUS, FIELD_ANONYMOUS_RIGHTS))
		warn(reading, FIELD_ANONYMOUS_RIGHTS, reading->lines[FIELD_ANONYMOUS_RIGHTS],
		     "Anonymous is FALSE, so there is nobody who has them");
	if (reading->lines[FIELD_USER_GROUP] && !settings->allows_user_certificates &&
	    !was_bad(reading, FIELD_USER_GROUP, FIELD_USER_CERTIFICATES))
		warn(reading, FIELD_USER_GROUP, reading->lines[FIELD_USER_GROUP],
		     "UserCertificates is FALSE, so there is nobody whom it is about");
}

static void check_limits(struct reading *reading)
{
	struct opcua_settings *settings = reading->settings;

	if (settings->buffer_max > settings->message_max &&
	    !was_bad(reading, FIELD_BUFFER_MAX, FIELD_MESSAGE_MAX))
		fault(reading, FIELD_BUFFER_MAX,
		      "it is more than MaxMessageSize, %u bytes; give at most that",
		      settings->message_max);
	if (settings->lifetime_min_ms > settings->lifetime_max_ms &&
	    !was_bad(reading, FIELD_CHANNEL_LIFETIME, FIELD_TOKEN_LIFETIME))
		fault(reading, FIELD_CHANNEL_LIFETIME,
		      "it is more than SecurityTokenLifetime; give at most that");
	if (settings->connections_of_address <= settings->connections_max)
		return;
	if (reading->lines[FIELD_CONNECTIONS_PER_ADDRESS] &&
	    !was_bad(reading, FIELD_CONNECTIONS_MAX, FIELD_CONNECTIONS_PER_ADDRESS))
		fault(reading, FIELD_CONNECTIONS_PER_ADDRESS,
		      "it is more than ConnectionsMax, %u; give at most that",
		      settings->connections_max);
	settings->connections_of_address = settings->connections_max;
}

static void finish(struct reading *reading)
{
	struct opcua_settings *settings = reading->settings;

	if (!settings->place_count && !reading->is_bad[FIELD_LISTEN])
		settings->places[settings->place_count++].port = PORT_OPCUA;
	if (!settings->endpoint_count && !reading->is_bad[FIELD_ENDPOINTS]) {
		memcpy(settings->endpoints, default_endpoints, sizeof(default_endpoints));
		settings->endpoint_count = sizeof(default_endpoints) / sizeof(*default_endpoints);
	}
	check_places(reading);
	check_endpoints(reading);
	check_provisioning(reading);
	check_users(reading);
	check_limits(reading);
	if (!*settings->data_control) {
		strcpy(settings->data_control, settings->data_images);
		strcat(settings->data_control, CONTROL_NAME);
	}
}

unsigned opcua_settings_policies(const struct opcua_settings *settings)
{
	unsigned policies = 0;

	for (size_t i = 0; i < settings->endpoint_count; i++)
		policies |= 1u << settings->endpoints[i].policy;
	return policies;
}

void opcua_settings_free(struct opcua_settings *settings)
{
	free(settings);
}

bool opcua_settings_read(FILE *file, conf_problem_fn *problem, void *user,
			 struct opcua_settings **ret_settings)
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
		opcua_settings_free(reading.settings);
		return false;
	}
	*ret_settings = reading.settings;
	return true;
}
