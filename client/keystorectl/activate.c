/* service activate: a certificate, a service that has it, and who runs as it, by one command. */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "account.h"
#include "command.h"
#include "host_names.h"
#include "json_service.h"
#include "san.h"
#include "table.h"

#define SUBJECT_BYTES 600
#define KEY_BYTES     65
#define KEYS_TRIED    100

/* What a front-end is, by the profile of its certificate; the first one where nothing says. */
static const struct front_end {
	const char *name; /* NULL: no front-end has it for its own */
	const char *profile;
	enum ks_service_kind kind;
	const char *group;
} front_ends[] = {
	{"https", "web-server", KS_SERVICE_WEB_SERVER, "https"},
	{"ouc", "tls-client-server", KS_SERVICE_OUC, "ouc"},
	{"pg-hmi", "pg-hmi", KS_SERVICE_PG_HMI, "pg-hmi"},
	{"syslog", "syslog-client", KS_SERVICE_SYSLOG, "syslog"},
};

#define FRONT_ENDS (sizeof(front_ends) / sizeof(front_ends[0]))

/* What is to be, and what has been done for it. */
struct activation {
	struct ctl *ctl;
	const char *name;
	const struct front_end *front_end;
	bool is_there; /* a service of that name, and as it is: */
	enum ks_service_kind kind;
	uint64_t cert_id;
	bool has_group, has_uid;
	uint32_t uid;
	bool is_kept; /* its certificate is valid */
	uint64_t issuer;
	char key[KEY_BYTES];
	char subject[SUBJECT_BYTES];
};

static enum exit_code take_front_end(struct activation *to)
{
	const char *profile = ctl_option(to->ctl, OPTION_PROFILE);

	for (size_t i = 0; i < FRONT_ENDS && !to->front_end; i++)
		if (profile ? strcmp(front_ends[i].profile, profile) == 0
			    : strcmp(front_ends[i].name, to->name) == 0)
			to->front_end = &front_ends[i];
	if (!to->front_end && !profile)
		to->front_end = &front_ends[0];
	if (to->front_end)
		return EXIT_OK;
	return ctl_fail(to->ctl, EXIT_USAGE,
			"--profile %s: not one of web-server, tls-client-server, pg-hmi, "
			"syslog-client; for others there are cert create and service create",
			profile);
}

/* The service as it is now. */
static enum exit_code look_for_service(struct activation *to)
{
	char after[KEY_BYTES] = "";
	bool more = true;

	while (more && !to->is_there) {
		struct ks_result *result = NULL;

		if (ks_service_list(to->ctl->client, after, &result) != KS_OK) {
			enum exit_code code = ctl_fail_result(to->ctl, result);

			ks_result_free(result);
			return code;
		}
		for (size_t i = 0; i < result->assignment_count; i++) {
			const struct ks_assignment *service = &result->assignments[i];

			snprintf(after, sizeof(after), "%s", service->name);
			if (strcmp(service->name, to->name) != 0)
				continue;
			to->is_there = true;
			to->kind = service->kind;
			to->cert_id = service->cert_id;
			to->has_group = *service->group;
			to->has_uid = service->has_uid;
			to->uid = service->uid;
		}
		more = result->more;
		ks_result_free(result);
	}
	if (!to->is_there || to->kind == to->front_end->kind)
		return EXIT_OK;
	return ctl_fail(to->ctl, EXIT_CONFLICT,
			"service %s is there and of the kind %s, not %s: say --profile, or choose "
			"another name",
			to->name, service_kind_text(to->kind),
			service_kind_text(to->front_end->kind));
}

static enum exit_code look_at_certificate(struct activation *to)
{
	struct ks_result *result = NULL;
	int64_t now = time(NULL);

	if (!to->cert_id)
		return EXIT_OK;
	if (ks_cert_show(to->ctl->client, to->cert_id, &result) != KS_OK) {
		enum exit_code code = ctl_fail_result(to->ctl, result);

		ks_result_free(result);
		return code;
	}
	to->is_kept = result->certs[0].state == KS_CERT_ACTIVE && result->certs[0].key_id &&
		      result->certs[0].not_after > now;
	ks_result_free(result);
	return EXIT_OK;
}

/* Whom it runs as: who is asked for, who it was, or the front-end's own user. */
static enum exit_code take_user(struct activation *to)
{
	const char *user = ctl_option(to->ctl, OPTION_USER);
	char own[KEY_BYTES + 16];
	const struct passwd *entry;

	if (user) {
		to->has_uid = account_id(to->ctl, user, false, &to->uid);
		return to->has_uid ? EXIT_OK : EXIT_USAGE;
	}
	if (to->has_uid)
		return EXIT_OK;
	snprintf(own, sizeof(own), "keystore-%s", to->name);
	entry = getpwnam(own);
	if (!entry)
		return ctl_fail(to->ctl, EXIT_USAGE,
				"there is no user %s on this machine: say with --user whom %s runs "
				"as",
				own, to->name);
	to->has_uid = true;
	to->uid = entry->pw_uid;
	return EXIT_OK;
}

/* The project's P-256 CA; none in local mode, or where there is none: it signs itself. */
static enum exit_code look_for_issuer(struct activation *to)
{
	struct ks_result *result = NULL;
	enum exit_code code = EXIT_OK;
	uint64_t after = 0;
	bool more = true;

	if (ks_mode_show(to->ctl->client, &result) != KS_OK)
		code = ctl_fail_result(to->ctl, result);
	else
		more = result->mode == KS_MODE_PROJECT;
	ks_result_free(result);
	while (code == EXIT_OK && more && !to->issuer) {
		result = NULL;
		if (ks_cert_list(to->ctl->client, KS_CERT_CA, after, 0, &result) != KS_OK)
			code = ctl_fail_result(to->ctl, result);
		for (size_t i = 0; code == EXIT_OK && i < result->cert_count; i++) {
			const struct ks_cert *ca = &result->certs[i];

			after = ca->id;
			if (!to->issuer && ca->key_id && ca->state == KS_CERT_ACTIVE &&
			    ca->key_algorithm == KS_ALGORITHM_EC_P256 &&
			    ca->not_after > (int64_t)time(NULL))
				to->issuer = ca->id;
		}
		more = code == EXIT_OK && result->more;
		ks_result_free(result);
	}
	return code;
}

/* A name that no key has: "https", or "https.2" and so on. */
static enum exit_code choose_key(struct activation *to)
{
	for (unsigned i = 1; i < KEYS_TRIED; i++) {
		struct ks_result *result = NULL;
		enum ks_status status;
		enum exit_code code = EXIT_OK;

		if (i == 1)
			snprintf(to->key, sizeof(to->key), "%s", to->name);
		else
			snprintf(to->key, sizeof(to->key), "%.59s.%u", to->name, i);
		status = ks_key_show(to->ctl->client, to->key, &result);
		if (status != KS_OK && status != KS_NOT_FOUND)
			code = ctl_fail_result(to->ctl, result);
		ks_result_free(result);
		if (status != KS_OK)
			return code;
	}
	return ctl_fail(to->ctl, EXIT_CONFLICT,
			"the names for a key of %s, up to %s, are taken: delete keys that are not "
			"used any more",
			to->name, to->key);
}

/* "CN=…", with a backslash before what has a meaning. */
static void make_subject(struct activation *to, const char *common_name)
{
	size_t len = (size_t)snprintf(to->subject, SUBJECT_BYTES, "CN=");

	for (const char *at = common_name; *at && len + 3 < SUBJECT_BYTES; at++) {
		if (strchr(",+\\\"<>;=#", *at))
			to->subject[len++] = '\\';
		to->subject[len++] = *at;
	}
	to->subject[len] = '\0';
}

/* Appends each item of "a,b" as "TYPE:a,TYPE:b". */
static bool add_items(char list[HOST_LIST_BYTES], const char *type, const char *items)
{
	while (items && *items) {
		size_t len = strcspn(items, ",");
		size_t used = strlen(list);
		int added = snprintf(list + used, HOST_LIST_BYTES - used, "%s%s:%.*s",
				     used ? "," : "", type, (int)len, items);

		if (added < 0 || (size_t)added >= HOST_LIST_BYTES - used)
			return false;
		items += len + (items[len] == ',');
	}
	return true;
}

/* Subject and names, as asked for or as this machine has them. */
static enum exit_code take_names(struct activation *to, struct san *ret_san)
{
	const char *dns = ctl_option(to->ctl, OPTION_DNS);
	const char *ip = ctl_option(to->ctl, OPTION_IP);
	const char *common_name = ctl_option(to->ctl, OPTION_CN);
	char list[HOST_LIST_BYTES] = "";
	char host[HOST_NAME_BYTES];
	char problem[PROBLEM_BYTES];

	host_name(host);
	if (!dns && !ip)
		host_names(list);
	else if (!add_items(list, "DNS", dns) || !add_items(list, "IP", ip))
		return ctl_fail(to->ctl, EXIT_USAGE, "--dns and --ip have too many names");
	make_subject(to, common_name ? common_name : *host ? host : to->name);
	if (*list && !san_parse(list, ret_san, problem, sizeof(problem)))
		return ctl_fail(to->ctl, EXIT_USAGE, "%s", problem);
	return EXIT_OK;
}

static enum exit_code make_certificate(struct activation *to)
{
	struct ks_cert_request request = {
		.profile = to->front_end->profile,
		.subject = to->subject,
		.new_key = to->key,
		.algorithm = KS_ALGORITHM_EC_P256,
		.issuer = to->issuer,
	};
	struct ks_result *result = NULL;
	struct san san = {0};
	enum exit_code code = take_names(to, &san);

	request.names = san.names;
	request.name_count = san.count;
	if (code == EXIT_OK && ks_cert_create(to->ctl->client, &request, &result) != KS_OK)
		code = ctl_fail_result(to->ctl, result);
	else if (code == EXIT_OK)
		to->cert_id = result->certs[0].id;
	ks_result_free(result);
	san_free(&san);
	return code;
}

/* What was made for a service that is not to be. */
static void take_back(const struct activation *to)
{
	if (ks_cert_delete(to->ctl->client, to->cert_id, NULL) != KS_OK ||
	    ks_key_delete(to->ctl->client, to->key, NULL) != KS_OK)
		fprintf(stderr,
			"keystorectl: certificate %llu and key %s were made and could not be "
			"deleted again\n",
			(unsigned long long)to->cert_id, to->key);
}

static void print_done(const struct activation *to, const struct ks_assignment *service)
{
	if (to->is_kept)
		fact_print(stdout, "certificate", "%llu, “%s”: it is valid and was kept",
			   (unsigned long long)to->cert_id, service->common_name);
	else if (to->issuer)
		fact_print(stdout, "certificate", "%llu, “%s”: made by CA %llu, with the key %s",
			   (unsigned long long)to->cert_id, service->common_name,
			   (unsigned long long)to->issuer, to->key);
	else
		fact_print(stdout, "certificate", "%llu, “%s”: self-signed, with the key %s",
			   (unsigned long long)to->cert_id, service->common_name, to->key);
	fact_print(stdout, "service", "%s, a %s of the trust group %s, for uid %u%s", to->name,
		   service_kind_text(service->kind), service->group, service->uid,
		   to->is_there ? "" : "; it is new");
	fact_print(stdout, "next",
		   "start its front-end; one that runs takes it up by itself. "
		   "cert show %llu has the names",
		   (unsigned long long)to->cert_id);
}

static enum exit_code tell(const struct activation *to, const struct ks_result *result)
{
	const struct ks_assignment *service = &result->assignments[0];

	if (!to->ctl->json) {
		print_done(to, service);
		return EXIT_OK;
	}
	return ctl_print_json(to->ctl, json_pack("{s:o, s:b, s:b}", "service",
						 json_service(service), "created", !to->is_there,
						 "certificate_kept", (int)to->is_kept));
}

static enum exit_code assign(struct activation *to)
{
	struct ks_assignment service = {
		.name = to->name,
		.kind = to->front_end->kind,
		.cert_id = to->cert_id,
		.group = to->front_end->group,
		.has_uid = true,
		.uid = to->uid,
	};
	unsigned fields = KS_FIELD_CERT | KS_FIELD_UID | (to->is_there ? 0 : KS_FIELD_KIND) |
			  (to->has_group ? 0 : KS_FIELD_GROUP);
	struct ks_result *result = NULL;
	enum exit_code code;

	if (ks_service_set(to->ctl->client, &service, fields, !to->is_there, &result) == KS_OK) {
		code = tell(to, result);
	} else {
		code = ctl_fail_result(to->ctl, result);
		if (!to->is_kept)
			take_back(to);
	}
	ks_result_free(result);
	return code;
}

static enum exit_code command_service_activate(struct ctl *ctl)
{
	struct activation to = {.ctl = ctl, .name = ctl->words[0]};
	enum exit_code code = take_front_end(&to);

	if (code == EXIT_OK)
		code = ctl_connect(ctl);
	if (code == EXIT_OK)
		code = look_for_service(&to);
	if (code == EXIT_OK)
		code = look_at_certificate(&to);
	if (code == EXIT_OK)
		code = take_user(&to);
	if (code == EXIT_OK && !to.is_kept) {
		code = look_for_issuer(&to);
		if (code == EXIT_OK)
			code = choose_key(&to);
		if (code == EXIT_OK)
			code = make_certificate(&to);
	}
	return code == EXIT_OK ? assign(&to) : code;
}

static const struct option_text texts[] = {
	{OPTION_PROFILE, "NAME", "of its certificate (default: by NAME, or web-server)"},
	{OPTION_USER, "USER", "whom it runs as (default: keystore-NAME)"},
	{0},
};

const struct command commands_activate[] = {
	{
		.name = "service activate",
		.words = "NAME",
		.word_count = 1,
		.options = HAS(PROFILE) | HAS(USER) | HAS(DNS) | HAS(IP) | HAS(CN),
		.summary = "give a front-end all that it needs",
		.help = "Makes a certificate, by the project's P-256 CA or self-signed, and a\n"
			"service that has it; one with a valid certificate keeps that. All of it\n"
			"or nothing.",
		.run = command_service_activate,
		.texts = texts,
	},
	{.name = NULL},
};
