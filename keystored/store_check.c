#include "store_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_db.h"

static void find(struct store_check *check, enum store_finding finding, uint64_t first,
		 uint64_t last)
{
	check->finding = finding;
	check->first = first;
	check->last = last;
}

static bool text_is(const struct store_record *record, int text, const char *expected)
{
	return record->texts[text].bytes && record->texts[text].len == strlen(expected) &&
	       memcmp(record->texts[text].bytes, expected, record->texts[text].len) == 0;
}

/* Only the service writes such records, and the chain is right up to here. */
static void take_dropped(const struct store_record *record, struct store_check *check)
{
	const char *detail = record->texts[STORE_DETAIL].bytes;
	struct store_link link;
	int len = 0;

	if (!text_is(record, STORE_OPERATION, STORE_DROPPED_OPERATION) || !detail ||
	    sscanf(detail, STORE_DROPPED_SCAN, &link.seq, &len) != 1 ||
	    record->texts[STORE_DETAIL].len != (size_t)len + (size_t)2 * STORE_CHAIN_SIZE)
		return;
	for (size_t i = 0; i < STORE_CHAIN_SIZE; i++) {
		char digits[3] = {detail[(size_t)len + 2 * i], detail[(size_t)len + 2 * i + 1], 0};

		link.chain[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	check->dropped = link;
}

/* False: something is wrong with the record. */
static bool take_record(sqlite3_stmt *row, const struct store_audit_state *state,
			struct store_check *check, enum store_status *ret_status)
{
	struct store_record record;
	struct store_link stored;
	struct store_link next;

	store_audit_read(row, &record, &stored);
	if (record.seq <= 0 || stored.seq <= state->begin.seq)
		find(check, STORE_ADDED, record.seq < 0 ? 0 : stored.seq, state->begin.seq);
	else if (stored.seq > state->head.seq)
		find(check, STORE_ADDED, stored.seq, stored.seq);
	else if (stored.seq != check->at.seq + 1)
		find(check, STORE_MISSING, check->at.seq + 1, stored.seq - 1);
	else if (!store_link_next(&check->at, &record, &next))
		*ret_status = STORE_NOMEM;
	else if (!store_link_is(&next, &stored))
		find(check, STORE_CHANGED, stored.seq, stored.seq);
	if (check->finding != STORE_INTACT || *ret_status != STORE_OK)
		return false;
	take_dropped(&record, check);
	check->at = next;
	check->since = record.time;
	check->records++;
	return true;
}

static void take_end(const struct store_audit_state *state, struct store_check *check)
{
	if (check->at.seq < state->head.seq)
		find(check, STORE_CUT_OFF, check->at.seq + 1, state->head.seq);
	else if (!store_link_is(&check->at, &state->head))
		find(check, STORE_CHANGED, check->at.seq, check->at.seq);
	else if (!store_link_is(&check->dropped, &state->begin))
		find(check, STORE_BEGIN, 1, state->begin.seq);
}

enum store_status store_check_step(struct store *store, struct store_check *check, unsigned count,
				   bool *ret_is_done)
{
	sqlite3_stmt *rows = store_db_statement(store, SQL_AUDIT_LIST);
	struct store_audit_state state;
	enum store_status status = store_audit_state(store, &state);
	enum store_status taken = STORE_OK;
	unsigned seen = 0;
	int result;

	if (status != STORE_OK)
		return status;
	if (!rows)
		return store_db_status(store, sqlite3_extended_errcode(store->db));
	/* The first look is at the very first row: nothing may stand before the beginning. */
	sqlite3_bind_int64(rows, 1, check->has_begun ? (int64_t)check->at.seq : INT64_MIN);
	if (!check->has_begun || check->at.seq < state.begin.seq)
		check->at = state.begin;
	if (check->has_begun)
		sqlite3_bind_int64(rows, 1, (int64_t)check->at.seq);
	check->has_begun = true;
	sqlite3_bind_int64(rows, 2, count);
	while ((result = sqlite3_step(rows)) == SQLITE_ROW) {
		seen++;
		if (!take_record(rows, &state, check, &taken))
			break;
	}
	status = store_db_finish(store, rows, result);
	if (status == STORE_OK)
		status = taken;
	if (status != STORE_OK)
		return status;
	if (check->finding == STORE_INTACT && seen < count)
		take_end(&state, check);
	*ret_is_done = check->finding != STORE_INTACT || seen < count;
	return STORE_OK;
}
