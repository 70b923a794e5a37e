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

/* Calls @take with each record that is asked for, at most @limit (0: all), page by page. */
static enum exit_code each_record(struct ctl *ctl, struct ks_audit_query query, uint64_t limit,
				  bool (*take)(const struct ks_record *record, void *user),
				  void *user)
{
	enum exit_code code = EXIT_OK;
	uint64_t left = limit ? limit : UINT64_MAX;
	bool more = true;

	while (more && left && code == EXIT_OK) {
		struct ks_result *result = NULL;

		query.limit = left < UINT32_MAX ? (uint32_t)left : 0;
		if (ks_audit_search(ctl->client, &query, &result) != KS_OK)
			code = ctl_fail_result(ctl, result);
		for (size_t i = 0; i < result->record_count && left && code == EXIT_OK; i++) {
			left--;
			if (!take(&result->records[i], user))
				code = ctl_fail(ctl, EXIT_FAILED, "out of memory");
		}
		if (query.newest_first)
			query.before = result->audit_last;
		else
			query.after = result->audit_last;
		more = result->more;
		ks_result_free(result);
	}
	return code;
}

/* False: told what is wrong. */
static bool take_time(struct ctl *ctl, enum option option, int64_t *ret_seconds)
{
	const char *text = ctl_option(ctl, option);

	if (!text || parse_time(text, ret_seconds))
		return true;
	(void)ctl_fail(ctl, EXIT_USAGE, "%s %s: not a time like 2026-03-01 or 2026-03-01T12:00:00Z",
		       option_name(option), text);
	return false;
}

/* False: told what is wrong. */
static bool take_query(struct ctl *ctl, struct ks_audit_query *query, uint64_t *ret_limit)
{
	const char *after = ctl_option(ctl, OPTION_AFTER);
	const char *newest = ctl_option(ctl, OPTION_NEWEST);
	const char *limit = newest ? newest : ctl_option(ctl, OPTION_LIMIT);

	if (newest && (after || ctl_has(ctl, OPTION_LIMIT)))
		(void)ctl_fail(ctl, EXIT_USAGE,
			       "--newest counts from the end: leave --after and --limit out");
	else if (after && !parse_large(after, &query->after))
		(void)ctl_fail(ctl, EXIT_USAGE, "--after %s: not the number of a record", after);
	else if (limit && (!parse_large(limit, ret_limit) || !*ret_limit))
		(void)ctl_fail(ctl, EXIT_USAGE, "--%s %s: not a number of records from 1 on",
			       newest ? "newest" : "limit", limit);
	else if (take_time(ctl, OPTION_SINCE, &query->since) &&
		 take_time(ctl, OPTION_UNTIL, &query->until))
		return true;
	return false;
}

static enum exit_code command_audit_list(struct ctl *ctl)
{
	static const char *const heads[] = {"SEQ",    "TIME",	"UID",	 "OPERATION",
					    "OBJECT", "STATUS", "DETAIL"};
	struct ks_audit_query query = {
		.newest_first = ctl_has(ctl, OPTION_NEWEST),
		.user = ctl_option(ctl, OPTION_USER),
		.operation = ctl_option(ctl, OPTION_OPERATION),
		.object = ctl_option(ctl, OPTION_OBJECT),
	};
	uint64_t limit = 0;
	enum exit_code code;
	struct table *table;
	json_t *list;

	if (!take_query(ctl, &query, &limit))
		return EXIT_USAGE;
	code = ctl_connect(ctl);
	if (code != EXIT_OK)
		return code;
	if (ctl->json) {
		list = json_array();
		code = each_record(ctl, query, limit, take_json, list);
		if (code == EXIT_OK)
			return ctl_print_json(ctl, json_pack("{s:o}", "records", list));
		json_decref(list);
		return code;
	}
	table = table_new(heads, sizeof(heads) / sizeof(heads[0]));
	if (!table)
		return ctl_fail(ctl, EXIT_FAILED, "out of memory");
	code = each_record(ctl, query, limit, take_row, table);
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

static const struct option_text list_texts[] = {
	{OPTION_USER, "NAME", "by that user"},
	{0},
};

const struct command commands_audit[] = {
	{
		.name = "audit list",
		.words = "",
		.options = HAS(AFTER) | HAS(LIMIT) | HAS(NEWEST) | HAS(USER) | HAS(OPERATION) |
			   HAS(OBJECT) | HAS(SINCE) | HAS(UNTIL),
		.texts = list_texts,
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
