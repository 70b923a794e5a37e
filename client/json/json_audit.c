#include "json_audit.h"

#include "json_text.h"

#define CHAIN_BYTES	  32
#define MICROS_PER_SECOND 1000000

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

json_t *json_record(const struct ks_record *record)
{
	return json_pack(
		"{s:I, s:o, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:I, s:o, s:o}", "seq",
		(json_int_t)record->seq, "time", json_time(record->time / MICROS_PER_SECOND),
		"time_us", (json_int_t)record->time, "uid", (json_int_t)record->uid, "pid",
		(json_int_t)record->pid, "operation", json_text(record->operation), "object",
		json_text(record->object), "status", json_text(record->status), "detail",
		json_text(record->detail), "count", (json_int_t)record->count, "chain",
		json_hex(record->chain, CHAIN_BYTES), "user", json_text_or_null(record->user));
}

json_t *json_audit(const struct ks_audit *audit)
{
	return json_pack(
		"{s:b, s:s, s:I, s:I, s:o, s:o, s:I, s:I, s:b, s:o, s:o}", "intact",
		(int)(audit->finding == KS_FINDING_INTACT), "finding", finding_text(audit->finding),
		"first", (json_int_t)audit->first, "last", (json_int_t)audit->last, "since",
		audit->since ? json_time(audit->since / MICROS_PER_SECOND) : json_null(), "message",
		json_text(audit->message), "records", (json_int_t)audit->records, "newest",
		(json_int_t)audit->newest, "anchored", (int)audit->anchored, "anchored_seq",
		audit->anchored ? json_integer((json_int_t)audit->anchored_seq) : json_null(),
		"anchor_note", json_text(audit->anchor_note));
}
