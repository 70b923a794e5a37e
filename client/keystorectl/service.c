#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "json_event.h"
#include "json_status.h"
#include "table.h"

#define LIST_BYTES 256

static void list_append(char list[LIST_BYTES], const char *item)
{
	size_t used = strlen(list);

	if (item)
		snprintf(list + used, LIST_BYTES - used, "%s%s", used ? " " : "", item);
}

static void print_tpm(const struct ks_tpm *tpm)
{
	char algorithms[LIST_BYTES] = "";
	char hashes[LIST_BYTES] = "";

	for (size_t i = 0; i < tpm->algorithm_count; i++)
		list_append(algorithms, ks_algorithm_name(tpm->algorithms[i]));
	for (size_t i = 0; i < tpm->hash_count; i++)
		list_append(hashes, ks_hash_name(tpm->hashes[i]));
	fact_print(stdout, "TPM", "%s%s%s", tpm_state_text(tpm->state), *tpm->reason ? ": " : "",
		   tpm->reason);
	if (*tpm->manufacturer)
		fact_print(stdout, "", "%s %s, firmware %s", tpm->manufacturer, tpm->model,
			   tpm->firmware);
	/* Nothing is known of a TPM that never answered. */
	if (tpm->algorithm_count == 0)
		return;
	fact_print(stdout, "algorithms", "%s", algorithms);
	fact_print(stdout, "hashes", "%s%s", hashes,
		   tpm->pss_padded_here ? "; PSS is padded by the service" : "");
	fact_print(stdout, "slots", "%u keys loaded at once, room for %u more pinned ones",
		   tpm->transient_slots, tpm->persistent_free);
}

/* "3 d 4 h", "12 min", "5 s" */
static void duration_text(uint64_t ms, char text[LIST_BYTES])
{
	unsigned long long seconds = ms / 1000;

	if (seconds >= 86400)
		snprintf(text, LIST_BYTES, "%llu d %llu h", seconds / 86400, seconds / 3600 % 24);
	else if (seconds >= 3600)
		snprintf(text, LIST_BYTES, "%llu h %llu min", seconds / 3600, seconds / 60 % 60);
	else if (seconds >= 60)
		snprintf(text, LIST_BYTES, "%llu min", seconds / 60);
	else
		snprintf(text, LIST_BYTES, "%llu s", seconds);
}

/* The milliseconds that at least @percent of the signatures were below; 0: there are none. */
static double latency_below(const struct ks_service *service, unsigned percent)
{
	uint64_t total = 0;
	uint64_t below = 0;

	for (size_t i = 0; i < service->tpm_latency_count; i++)
		total += service->tpm_latency_us[i];
	for (size_t i = 0; total && i < service->tpm_latency_count && i < 64; i++) {
		below += service->tpm_latency_us[i];
		if (below * 100 >= total * percent)
			return (double)(UINT64_C(1) << i) / 1000;
	}
	return 0;
}

static void print_times(const struct ks_service *service)
{
	double jobs = service->tpm_jobs ? (double)service->tpm_jobs : 1;

	fact_print(
		stdout, "TPM time",
		"busy for %.1f s; %.2f ms for a job on average, which waits %.2f ms before; half "
		"of the signatures below %.1f ms, 99%% below %.1f ms",
		(double)service->tpm_busy_us / 1e6, (double)service->tpm_busy_us / 1e3 / jobs,
		(double)service->queue_wait_us / 1e3 / jobs, latency_below(service, 50),
		latency_below(service, 99));
}

static void print_key_pools(const struct ks_service *service)
{
	for (size_t i = 0; i < service->key_pool_count; i++) {
		const struct ks_key_pool *pool = &service->key_pools[i];
		const char *name = ks_algorithm_name(pool->algorithm);

		fact_print(stdout, i ? "" : "made ahead", "%u of %u %s", pool->ready, pool->wanted,
			   name ? name : "unknown");
	}
}

static void print_service(const struct ks_service *service)
{
	const struct ks_limits *limits = &service->limits;
	char uptime[LIST_BYTES];

	duration_text(service->uptime_ms, uptime);
	fact_print(stdout, "service", "keystored %s, up %s, connections: %u", service->version,
		   uptime, service->connections);
	print_tpm(&service->tpm);
	fact_print(stdout, "queue", "%u of %u jobs wait", service->queue_length,
		   service->queue_limit);
	fact_print(stdout, "keys", "%llu of %u", (unsigned long long)service->keys, limits->keys);
	print_key_pools(service);
	fact_print(stdout, "clock", "%s", service->clock_note);
	fact_print(stdout, "addresses", "%s", service->names_note);
	fact_print(stdout, "certificates", "%llu end within 30 days, %llu have ended",
		   (unsigned long long)service->certs_expiring,
		   (unsigned long long)service->certs_expired);
	fact_print(stdout, "since start",
		   "signatures: %llu, decryptions: %llu, TPM commands: %llu, TPM reopened: %llu, "
		   "signatures withheld: %llu",
		   (unsigned long long)service->signatures,
		   (unsigned long long)service->decryptions,
		   (unsigned long long)service->tpm_commands,
		   (unsigned long long)service->tpm_reopened,
		   (unsigned long long)service->signatures_withheld);
	print_times(service);
	fact_print(stdout, "limits",
		   "%u connections and %u requests per user, %u requests per connection, %u bytes "
		   "per frame, %u random bytes, %u keys per page, %u grants per key",
		   limits->connections_per_uid, limits->requests_per_uid,
		   limits->requests_per_connection, limits->frame_bytes, limits->random_bytes,
		   limits->list_page, limits->grants_per_key);
}

static enum exit_code command_status(struct ctl *ctl)
{
	enum exit_code code = ctl_connect(ctl);
	struct ks_result *result = NULL;

	if (code != EXIT_OK)
		return code;
	if (ks_service_status(ctl->client, &result) != KS_OK)
		code = ctl_fail_result(ctl, result);
	else if (ctl->json)
		code = ctl_print_json(ctl, json_status(result->service));
	else
		print_service(result->service);
	ks_result_free(result);
	return code;
}

static void print_event(const struct ks_event *event, void *user)
{
	const struct ctl *ctl = user;
	int64_t seconds = time(NULL);
	char now[TIME_BYTES];

	time_text(seconds, now);
	if (ctl->json)
		(void)ctl_print_json(ctl, json_event(event, seconds));
	else if (event->type == KS_EVENT_TPM)
		printf("%s tpm %s%s%s\n", now, tpm_state_text(event->tpm->state),
		       *event->tpm->reason ? ": " : "", event->tpm->reason);
	else if (event->type == KS_EVENT_EXPIRY)
		printf("%s certificate #%llu %s ends in %d days%s%s\n", now,
		       (unsigned long long)event->cert_id, event->cert_common_name,
		       (int)event->days_left, *event->note ? ": " : "", event->note);
	else if (event->type == KS_EVENT_NAMES)
		printf("%s certificate #%llu %s: %s\n", now, (unsigned long long)event->cert_id,
		       event->cert_common_name, event->note);
	else if (event->type == KS_EVENT_CRL)
		printf("%s crl of #%llu number %s\n", now, (unsigned long long)event->crl->ca_id,
		       event->crl->number);
	else if (event->type == KS_EVENT_REJECTED)
		printf("%s rejected #%llu in %s: %s\n", now, (unsigned long long)event->rejected_id,
		       event->group, event->rejected_reason);
	else if (event->service_name || event->type == KS_EVENT_TRUST)
		printf("%s %s %s\n", now, event_text(event->type),
		       event->service_name ? event->service_name : event->group);
	else
		printf("%s %s #%llu %s\n", now, event_text(event->type),
		       (unsigned long long)(event->cert_id ? event->cert_id : event->key_id),
		       event->cert_id ? event->cert_common_name : event->key_name);
	fflush(stdout);
}

static enum exit_code command_watch(struct ctl *ctl)
{
	enum exit_code code = ctl_connect(ctl);
	struct ks_result *result = NULL;

	if (code != EXIT_OK)
		return code;
	if (ks_subscribe(ctl->client, print_event, ctl, &result) != KS_OK)
		code = ctl_fail_result(ctl, result);
	ks_result_free(result);
	while (code == EXIT_OK) {
		struct pollfd ready = {.fd = ks_fd(ctl->client), .events = ks_events(ctl->client)};

		if (poll(&ready, 1, -1) > 0 && ks_process(ctl->client) != KS_OK)
			code = ctl_fail(ctl, EXIT_UNAVAILABLE, "keystored ended the connection");
	}
	return code;
}

const struct command commands_service[] = {
	{
		.name = "status",
		.words = "",
		.summary = "the service, its TPM, queue and limits",
		.run = command_status,
	},
	{
		.name = "watch",
		.words = "",
		.summary = "events of keys and the TPM, one in a line",
		.help = "Runs until the service ends or it is interrupted.",
		.run = command_watch,
	},
	{.name = NULL},
};
