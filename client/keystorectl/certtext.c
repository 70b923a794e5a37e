#include "certtext.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "json_cert.h"
#include "json_key.h"
#include "table.h"

#define SOON_DAYS 30

const char *const cert_heads[CERT_COLUMNS] = {
	"ID",	   "COMMON NAME", "SERIAL",    "ISSUER", "VALID TO",
	"USED AS", "PRIVATE KEY", "SIGNATURE", "KEY",	 "STATE",
};

/* Whether it ends soon. */
static bool days_left(const struct ks_cert *cert, int *ret_days)
{
	int64_t left = cert->not_after - (int64_t)time(NULL);

	if (cert->state != KS_CERT_ACTIVE || left < 0 || left >= SOON_DAYS * 86400)
		return false;
	*ret_days = (int)((left + 86399) / 86400);
	return true;
}

bool cert_add_row(struct table *table, const struct ks_cert *cert)
{
	char state[32];
	char key[32];
	char end[TIME_BYTES];
	char id[24];
	int days;

	time_text(cert->not_after, end);
	end[cert->state == KS_CERT_REQUESTED ? 0 : strlen("2026-01-01")] = '\0';
	snprintf(id, sizeof(id), "%llu", (unsigned long long)cert->id);
	if (cert->key_id)
		snprintf(key, sizeof(key), "yes, %s", origin_text(cert->key_origin));
	else
		snprintf(key, sizeof(key), "no");
	if (days_left(cert, &days))
		snprintf(state, sizeof(state), "%d days left", days);
	else
		snprintf(state, sizeof(state), "%s", cert_state_text(cert->state));
	return table_add(
		table, (const char *const[]){id, cert->common_name, cert->serial, cert->issuer, end,
					     cert->profile, key, cert->signature_algorithm,
					     *cert->key_type ? cert->key_type : "unknown", state});
}

static void print_history(const struct ks_cert *cert, FILE *out)
{
	for (size_t i = 0; i < cert->history_count; i++) {
		const struct ks_cert_version *version = &cert->history[i];
		char from[TIME_BYTES];
		char to[TIME_BYTES];

		time_text(version->not_before, from);
		time_text(version->not_after, to);
		fact_print(out, i ? "" : "history", "version %u, %s, %s to %s, %s, serial %s",
			   version->version, cert_state_text(version->state), from, to,
			   version->signature_algorithm, version->serial);
	}
}

static void print_renewal(const struct ks_cert *cert, FILE *out)
{
	static const char *const whys[] = {
		[KS_RENEWAL_DEFAULT] = ", as is usual",
		[KS_RENEWAL_OFF] = "",
		[KS_RENEWAL_DAYS_BEFORE] = " days before its end",
		[KS_RENEWAL_PERCENT_LEFT] = " per cent of its life left",
	};
	const struct ks_renewal *renewal = &cert->renewal;
	bool is_known = (unsigned)renewal->mode < sizeof(whys) / sizeof(whys[0]);
	char value[16] = "";
	char when[TIME_BYTES];

	time_text(cert->renewal_at, when);
	if (renewal->value)
		snprintf(value, sizeof(value), ", %u", renewal->value);
	fact_print(out, "renewal", "%s%s%s%s", cert->renewal_at ? when : "not by itself", value,
		   is_known && cert->renewal_at ? whys[renewal->mode] : "",
		   cert->renewal_at && renewal->new_key ? ", with a new key" : "");
}

static void print_addresses(const struct ks_cert *cert, FILE *out)
{
	bool is_default = cert->renewal.addresses == KS_ADDRESSES_DEFAULT;

	if (cert->addresses_now == KS_ADDRESSES_UNCHANGED)
		return;
	fact_print(out, "addresses", "%s%s", addresses_text(cert->addresses_now),
		   is_default ? ", as is usual" : "");
	if (*cert->names_note)
		fact_print(out, "", "%s", cert->names_note);
}

static void print_made(const struct ks_cert *cert, FILE *out)
{
	char *fingerprint = hex_text(cert->fingerprint, FINGERPRINT_BYTES);
	char time[TIME_BYTES];

	if (cert->issuer_id == cert->id)
		fact_print(out, "issuer", "itself");
	else if (cert->issuer_id)
		fact_print(out, "issuer", "%s (certificate %llu)", cert->issuer,
			   (unsigned long long)cert->issuer_id);
	else
		fact_print(out, "issuer", "%s", cert->issuer);
	fact_print(out, "serial", "%s", cert->serial);
	time_text(cert->not_before, time);
	fact_print(out, "valid from", "%s", time);
	time_text(cert->not_after, time);
	fact_print(out, "valid to", "%s", time);
	if (cert->state == KS_CERT_REVOKED) {
		time_text(cert->revoked_at, time);
		fact_print(out, "revoked", "%s, %s", time, reason_text(cert->revocation_reason));
	}
	print_renewal(cert, out);
	print_addresses(cert, out);
	fact_print(out, "signature", "%s", cert->signature_algorithm);
	if (fingerprint)
		fact_print(out, "fingerprint", "%s", fingerprint);
	free(fingerprint);
}

void cert_print(const struct ks_cert *cert, FILE *out)
{
	char time[TIME_BYTES];

	fact_print(out, "id", "%llu", (unsigned long long)cert->id);
	fact_print(out, "kind", "%s", cert_kind_text(cert->kind));
	fact_print(out, "used as", "%s", cert->profile);
	fact_print(out, "state", "%s", cert_state_text(cert->state));
	fact_print(out, "subject", "%s", cert->subject);
	if (cert->key_id)
		fact_print(out, "private key", "%s, %s, %s", cert->key_name,
			   algorithm_text(cert->key_algorithm),
			   cert->key_origin == KS_ORIGIN_TPM ? "made in this TPM" : "imported");
	else
		fact_print(out, "private key", "elsewhere");
	if (!cert->key_id && *cert->key_type)
		fact_print(out, "public key", "%s", cert->key_type);
	if (cert->request_created) {
		time_text(cert->request_created, time);
		fact_print(out, "CSR", "waits for its answer since %s", time);
	}
	if (cert->fingerprint)
		print_made(cert, out);
	print_history(cert, out);
}

enum exit_code cert_show_result(const struct ctl *ctl, const struct ks_result *result)
{
	json_t *object;

	/* Part of a transaction, it has none yet. */
	if (!result->cert_count)
		return EXIT_OK;
	if (!ctl->json) {
		cert_print(&result->certs[0], stdout);
		if (*result->note)
			fact_print(stdout, "note", "%s", result->note);
		return EXIT_OK;
	}
	object = json_cert(&result->certs[0]);
	if (*result->note)
		json_add(&object, "note", json_text(result->note));
	return ctl_print_json(ctl, object);
}

enum exit_code cert_show_results(const struct ctl *ctl, const struct ks_result *result)
{
	json_t *list;

	if (!ctl->json) {
		for (size_t i = 0; i < result->cert_count; i++) {
			if (i)
				putchar('\n');
			cert_print(&result->certs[i], stdout);
		}
		return EXIT_OK;
	}
	list = json_array();
	for (size_t i = 0; i < result->cert_count; i++)
		json_append(&list, json_cert(&result->certs[i]));
	return ctl_print_json(ctl, json_pack("{s:o}", "certs", list));
}

enum exit_code cert_show_history(const struct ctl *ctl, const struct ks_result *result)
{
	static const char *const heads[] = {"VERSION",	  "STATE",    "SERIAL",
					    "VALID FROM", "VALID TO", "SIGNATURE"};
	const struct ks_cert *cert = &result->certs[0];
	struct table *table;
	bool is_added = true;

	if (ctl->json)
		return ctl_print_json(ctl, json_pack("{s:I, s:o}", "id", (json_int_t)cert->id,
						     "history", json_cert_history(cert)));
	table = table_new(heads, sizeof(heads) / sizeof(heads[0]));
	for (size_t i = 0; table && i < cert->history_count && is_added; i++) {
		const struct ks_cert_version *version = &cert->history[i];
		char number[16];
		char from[TIME_BYTES];
		char to[TIME_BYTES];

		snprintf(number, sizeof(number), "%u", version->version);
		time_text(version->not_before, from);
		time_text(version->not_after, to);
		is_added = table_add(table,
				     (const char *const[]){number, cert_state_text(version->state),
							   version->serial, from, to,
							   version->signature_algorithm});
	}
	if (table && is_added)
		table_print(table, stdout, 0);
	table_free(table);
	return table && is_added ? EXIT_OK : ctl_fail(ctl, EXIT_FAILED, "out of memory");
}
