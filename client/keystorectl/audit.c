#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "table.h"

#define CHAIN_BYTES  32
#define DETAIL_BYTES 512

static const char *const finding_texts[] = {
	[KS_FINDING_INTACT] = "intact",	      [KS_FINDING_CHANGED] = "changed",
	[KS_FINDING_MISSING] = "missing",     [KS_FINDING_CUT_OFF] = "cut off",
	[KS_FINDING_ADDED] = "added",	      [KS_FINDING_BEGINNING] = "beginning",
	[KS_FINDING_REWRITTEN] = "rewritten", [KS_FINDING_DROPPED] = "dropped",
};

/* A finding may be newer than this program. */
static const char *finding_text(enum ks_finding finding)
{
	return (size_t)finding < sizeof(finding_texts) / sizeof(finding_texts[0])
		       ? finding_texts[finding]
		       : "unknown";
}

static bool take_json(const struct ks_record *record, void *list)
{
	char time[TIME_BYTES];
	char *chain = hex_text(record->chain, CHAIN_BYTES);
	json_t *object;

	time_text(record->time / 1000000, time);
	object = json_pack("{s:I, s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:I, s:o}", "seq",
			   (json_int_t)record->seq, "time", time, "time_us",
			   (json_int_t)record->time, "uid", (json_int_t)record->uid, "pid",
			   (json_int_t)record->pid, "operation", json_text(record->operation),
			   "object", json_text(record->object), "status", json_text(record->status),
			   "detail", json_text(record->detail), "count", (json_int_t)record->count,
			   "chain", chain ? json_string(chain) : NULL);
	json_object_set_new(object, "user", *record->user ? json_text(record->user) : json_null());
	free(chain);
	return json_array_append_new(list, object) == 0;
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

static json_t *audit_json(const struct ks_audit *audit)
{
	char since[TIME_BYTES];

	time_text(audit->since / 1000000, since);
	return json_pack(
		"{s:b, s:s, s:I, s:I, s:o, s:o, s:I, s:I, s:b, s:o, s:o}", "intact",
		(int)(audit->finding == KS_FINDING_INTACT), "finding", finding_text(audit->finding),
		"first", (json_int_t)audit->first, "last", (json_int_t)audit->last, "since",
		audit->since ? json_string(since) : json_null(), "message",
		json_text(audit->message), "records", (json_int_t)audit->records, "newest",
		(json_int_t)audit->newest, "anchored", (int)audit->anchored, "anchored_seq",
		audit->anchored ? json_integer((json_int_t)audit->anchored_seq) : json_null(),
		"anchor_note", json_text(audit->anchor_note));
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
		code = ctl_print_json(ctl, audit_json(audit));
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
