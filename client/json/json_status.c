#include "json_status.h"

#include "json_text.h"

const char *tpm_state_text(enum ks_tpm_state state)
{
	switch (state) {
	case KS_TPM_STARTING:
		return "starting";
	case KS_TPM_READY:
		return "ready";
	case KS_TPM_UNAVAILABLE:
		return "unavailable";
	case KS_TPM_LOCKED_OUT:
		return "locked out";
	}
	return "unknown";
}

static const char *clock_text(enum ks_clock_state state)
{
	switch (state) {
	case KS_CLOCK_GOOD:
		return "good";
	case KS_CLOCK_BEFORE_BUILD:
		return "before build";
	case KS_CLOCK_BEHIND:
		return "behind";
	case KS_CLOCK_AHEAD:
		return "ahead";
	}
	return "unknown";
}

static json_t *json_algorithms(const struct ks_tpm *tpm)
{
	json_t *list = json_array();

	for (size_t i = 0; i < tpm->algorithm_count; i++)
		if (ks_algorithm_name(tpm->algorithms[i]))
			json_append(&list, json_string(ks_algorithm_name(tpm->algorithms[i])));
	return list;
}

static json_t *json_hashes(const struct ks_tpm *tpm)
{
	json_t *list = json_array();

	for (size_t i = 0; i < tpm->hash_count; i++)
		if (ks_hash_name(tpm->hashes[i]))
			json_append(&list, json_string(ks_hash_name(tpm->hashes[i])));
	return list;
}

json_t *json_tpm(const struct ks_tpm *tpm)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:b}", "state",
			 tpm_state_text(tpm->state), "reason", json_text(tpm->reason),
			 "manufacturer", json_text(tpm->manufacturer), "model",
			 json_text(tpm->model), "firmware", json_text(tpm->firmware), "algorithms",
			 json_algorithms(tpm), "hashes", json_hashes(tpm), "transient_slots",
			 (json_int_t)tpm->transient_slots, "persistent_free",
			 (json_int_t)tpm->persistent_free, "pss_padded_here",
			 (int)tpm->pss_padded_here);
}

static json_t *json_limits(const struct ks_limits *limits)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "frame_bytes",
			 (json_int_t)limits->frame_bytes, "requests_per_connection",
			 (json_int_t)limits->requests_per_connection, "requests_per_uid",
			 (json_int_t)limits->requests_per_uid, "connections_per_uid",
			 (json_int_t)limits->connections_per_uid, "keys", (json_int_t)limits->keys,
			 "random_bytes", (json_int_t)limits->random_bytes, "list_page",
			 (json_int_t)limits->list_page, "grants_per_key",
			 (json_int_t)limits->grants_per_key);
}

static json_t *json_latencies(const struct ks_service *service)
{
	json_t *list = json_array();

	for (size_t i = 0; i < service->tpm_latency_count; i++)
		json_append(&list, json_integer((json_int_t)service->tpm_latency_us[i]));
	return list;
}

static json_t *json_key_pools(const struct ks_service *service)
{
	json_t *list = json_array();

	for (size_t i = 0; i < service->key_pool_count; i++) {
		const struct ks_key_pool *pool = &service->key_pools[i];
		const char *name = ks_algorithm_name(pool->algorithm);

		json_append(&list,
			    json_pack("{s:s, s:I, s:I}", "algorithm", name ? name : "", "ready",
				      (json_int_t)pool->ready, "wanted", (json_int_t)pool->wanted));
	}
	return list;
}

json_t *json_status(const struct ks_service *service)
{
	return json_pack(
		"{s:{s:o, s:s, s:f, s:I}, s:o, s:{s:I, s:I}, s:o,"
		" s:{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}, s:{s:s, s:o}, s:{s:I, "
		"s:I}, s:{s:b, s:o}, s:o}",
		"service", "version", json_text(service->version), "client_version",
		KEYSTORE_VERSION, "uptime_seconds", (double)service->uptime_ms / 1000,
		"connections", (json_int_t)service->connections, "tpm", json_tpm(&service->tpm),
		"queue", "length", (json_int_t)service->queue_length, "limit",
		(json_int_t)service->queue_limit, "limits", json_limits(&service->limits),
		"counters", "keys", (json_int_t)service->keys, "signatures",
		(json_int_t)service->signatures, "decryptions", (json_int_t)service->decryptions,
		"tpm_commands", (json_int_t)service->tpm_commands, "tpm_reopened",
		(json_int_t)service->tpm_reopened, "signatures_withheld",
		(json_int_t)service->signatures_withheld, "tpm_busy_us",
		(json_int_t)service->tpm_busy_us, "queue_wait_us",
		(json_int_t)service->queue_wait_us, "tpm_jobs", (json_int_t)service->tpm_jobs,
		"tpm_latency_us", json_latencies(service), "clock", "state",
		clock_text(service->clock), "note", json_text(service->clock_note), "certificates",
		"expiring", (json_int_t)service->certs_expiring, "expired",
		(json_int_t)service->certs_expired, "addresses", "watched",
		(int)service->names_watched, "note", json_text(service->names_note), "key_pools",
		json_key_pools(service));
}
