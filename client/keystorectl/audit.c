#include <stdio.h>

#include "command.h"
#include "json_audit.h"
#include "table.h"

#define DETAIL_BYTES 512

static bool take_json(const struct ks_record *record, void *list)
{
	return json_array_append_new(list, json_record(record)) == 0;
}

static bool take_row(const struct ks_record *record, void *table)
{
	char detail[DETAIL_BYTES];
	char time[TIME_BYTES];
	char seq[24];
	char uid[96];

	time_text(record->time / 1000000, time);
	snprintf(seq, sizeof(seq), "%llu", (unsigned long long)record->seq);
	snprintf(uid, sizeof(uid), "%u%s%s", record->uid, *record->user ? " " : "", record->user);
	if (record->count > 1)
		snprintf(detail, sizeof(detail), "%u times%s%s", record->count,
			 *record->detail ? ": " : "", record->detail);
	else
		snprintf(detail, sizeof(detail), "%s", record->detail);
	return table_add(table, (const char *const[]){seq, time, uid, record->operation,
						      record->object, record->status, detail});
}

/* Calls @take with each record after @after, at most @limit (0: all), page by page. */
static enum exit_code each_record(struct ctl *ctl, uint64_t after, uint64_t limit,
				  bool (*take)(const struct ks_record *record, void *user),
				  void *user)
{
	enum exit_code code = EXIT_OK;
	uint64_t left = limit ? limit : UINT64_MAX;
	bool more = true;

	while (more && left && code == EXIT_OK) {
		struct ks_result *result = NULL;

		if (ks_audit_list(ctl->client, after, left < UINT32_MAX ? (uint32_t)left : 0,
				  &result) != KS_OK)
			code = ctl_fail_result(ctl, result);
		for (size_t i = 0; i < result->record_count && left && code == EXIT_OK; i++) {
			after = result->records[i].seq;
			left--;
			if (!take(&result->records[i], user))
				code = ctl_fail(ctl, EXIT_FAILED, "out of memory");
		}
		more = result->more;
		ks_result_free(result);
	}
	return code;
}

static enum exit_code command_audit_list(struct ctl *ctl)
{
	static const char *const heads[] = {"SEQ",    "TIME",	"UID",	 "OPERATION",
					    "OBJECT", "STATUS", "DETAIL"};
	const char *after_text = ctl_option(ctl, OPTION_AFTER);
	const char *limit_text = ctl_option(ctl, OPTION_LIMIT);
	uint64_t after = 0;
	uint64_t limit = 0;
	enum exit_code code;
	struct table *table;
	json_t *list;

	if (after_text && !parse_large(after_text, &after))
		return ctl_fail(ctl, EXIT_USAGE, "--after %s: not the number of a record",
				after_text);
	if (limit_text && (!parse_large(limit_text, &limit) || !limit))
		return ctl_fail(ctl, EXIT_USAGE, "--limit %s: not a number of records from 1 on",
				limit_text);
	code = ctl_connect(ctl);
	if (code != EXIT_OK)
		return code;
	if (ctl->json) {
		list = json_array();
		code = each_record(ctl, after, limit, take_json, list);
		if (code == EXIT_OK)
			return ctl_print_json(ctl, json_pack("{s:o}", "records", list));
		json_decref(list);
		return code;
	}
	table = table_new(heads, sizeof(heads) / sizeof(heads[0]));
	if (!table)
		return ctl_fail(ctl, EXIT_FAILED, "out of memory");
	code = each_record(ctl, after, limit, take_row, table);
	if (code == EXIT_OK)
		table_print(table, stdout, 0);
	table_free(table);
	return code;
}

static void print_audit(const struct ks_audit *audit)
{
	fact_print(stdout, "trail", "%s",
		   audit->finding == KS_FINDING_INTACT ? "intact" : "broken");
	fact_print(stdout, "records", "%llu found good, the last one is %llu",
		   (unsigned long long)audit->records, (unsigned long long)audit->newest);
	if (audit->anchored)
		fact_print(stdout, "TPM", "knows record %llu; later ones could be cut off",
			   (unsigned long long)audit->anchored_seq);
	else
		fact_print(stdout, "TPM", "the end is not anchored: %s", audit->anchor_note);
}

static enum exit_code command_audit_verify(struct ctl *ctl)
{
	enum exit_code code = ctl_connect(ctl);
	struct ks_result *result = NULL;
	const struct ks_audit *audit;

	if (code != EXIT_OK)
		return code;
	if (ks_audit_verify(ctl->client, &result) != KS_OK) {
		code = ctl_fail_result(ctl, result);
		goto out;
	}
	audit = result->audit;
	if (ctl->json)
		code = ctl_print_json(ctl, json_audit(audit));
	else
		print_audit(audit);
	if (code == EXIT_OK && audit->finding != KS_FINDING_INTACT) {
		fprintf(stderr, "keystorectl: the audit trail is broken: %s\n", audit->message);
		code = EXIT_NOT_INTACT;
	}
out:
	ks_result_free(result);
	return code;
}

const struct command commands_audit[] = {
	{
		.name = "audit list",
		.words = "",
		.options = HAS(AFTER) | HAS(LIMIT),
		.summary = "the audit trail, from its oldest record",
		.run = command_audit_list,
	},
	{
		.name = "audit verify",
		.words = "",
		.summary = "whether the audit trail was changed or cut off",
		.help = "Exit code 10: it was; the sentence says which record.",
		.run = command_audit_verify,
	},
	{.name = NULL},
};
