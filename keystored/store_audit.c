#include <inttypes.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "store_db.h"

/* Trimming costs a little; once in so many entries is enough. */
#define TRIM_EVERY 256
/* So many times what is to be kept may wait for the TPM to take a new anchor. */
#define TRIM_PATIENCE 4

static enum store_status last_failure(struct store *store)
{
	return store_db_status(store, sqlite3_extended_errcode(store->db));
}

void store_audit_read(sqlite3_stmt *row, struct store_record *record, struct store_link *ret_stored)
{
	struct store_link stored = {.seq = (uint64_t)sqlite3_column_int64(row, 0)};

	*record = (struct store_record){
		.seq = sqlite3_column_int64(row, 0),
		.time = sqlite3_column_int64(row, 1),
		.uid = sqlite3_column_int64(row, 2),
		.pid = sqlite3_column_int64(row, 3),
		.count = sqlite3_column_int64(row, 8),
	};
	for (int i = 0; i < STORE_TEXTS; i++) {
		int column = i == STORE_USER ? 10 : 4 + i;

		record->texts[i].bytes = (const char *)sqlite3_column_text(row, column);
		record->texts[i].len = (size_t)sqlite3_column_bytes(row, column);
	}
	/* Of another length: no chain value is all zero. */
	if (sqlite3_column_bytes(row, 9) == STORE_CHAIN_SIZE)
		memcpy(stored.chain, sqlite3_column_blob(row, 9), STORE_CHAIN_SIZE);
	*ret_stored = stored;
}

static bool read_link(sqlite3_stmt *row, int column, struct store_link *link)
{
	if (sqlite3_column_bytes(row, column + 1) != STORE_CHAIN_SIZE)
		return false;
	link->seq = (uint64_t)sqlite3_column_int64(row, column);
	memcpy(link->chain, sqlite3_column_blob(row, column + 1), STORE_CHAIN_SIZE);
	return true;
}

enum store_status store_audit_state(struct store *store, struct store_audit_state *ret_state)
{
	sqlite3_stmt *row = store_db_statement(store, SQL_AUDIT_STATE);
	struct store_audit_state state = {0};
	bool is_sound = false;

	if (!row)
		return last_failure(store);
	int result = sqlite3_step(row);

	if (result == SQLITE_ROW) {
		state.anchored = (uint64_t)sqlite3_column_int64(row, 4);
		is_sound = read_link(row, 0, &state.begin) && read_link(row, 2, &state.head);
	}
	enum store_status status = store_db_finish(store, row, result);

	if (status == STORE_OK && !is_sound)
		status = store_db_status(store, SQLITE_CORRUPT);
	if (status == STORE_OK)
		*ret_state = state;
	return status;
}

static enum store_status set_link(struct store *store, enum store_sql sql,
				  const struct store_link *link)
{
	sqlite3_stmt *set = store_db_statement(store, sql);

	if (!set)
		return last_failure(store);
	sqlite3_bind_int64(set, 1, (int64_t)link->seq);
	sqlite3_bind_blob(set, 2, link->chain, sizeof link->chain, SQLITE_STATIC);
	return store_db_run(store, set);
}

/* Moves @head on to the new record. */
static enum store_status append(struct store *store, const struct store_audit *entry,
				struct store_link *head)
{
	sqlite3_stmt *add = store_db_statement(store, SQL_AUDIT_ADD);
	const char *const texts[STORE_TEXTS] = {
		[STORE_OPERATION] = entry->operation,
		[STORE_OBJECT] = entry->object,
		[STORE_RESULT] = entry->status,
		[STORE_DETAIL] = entry->detail,
		[STORE_USER] = entry->user ? entry->user : "",
	};
	struct store_record record = {
		.seq = (int64_t)head->seq + 1,
		.time = entry->time,
		.uid = entry->uid,
		.pid = entry->pid,
		.count = entry->count,
	};
	struct store_link next;

	if (!add)
		return last_failure(store);
	for (int i = 0; i < STORE_TEXTS; i++) {
		record.texts[i].bytes = texts[i];
		record.texts[i].len = strlen(texts[i]);
		sqlite3_bind_text(add, i == STORE_USER ? 11 : 5 + i, texts[i], -1, SQLITE_STATIC);
	}
	if (!store_link_next(head, &record, &next))
		return store_db_status(store, SQLITE_NOMEM);
	sqlite3_bind_int64(add, 1, record.seq);
	sqlite3_bind_int64(add, 2, record.time);
	sqlite3_bind_int64(add, 3, record.uid);
	sqlite3_bind_int64(add, 4, record.pid);
	sqlite3_bind_int64(add, 9, record.count);
	sqlite3_bind_blob(add, 10, next.chain, sizeof next.chain, SQLITE_STATIC);
	enum store_status status = store_db_run(store, add);

	/* Somebody else wrote behind the end of the trail. */
	if (status == STORE_EXISTS)
		status = store_db_status(store, SQLITE_CORRUPT);
	if (status == STORE_OK)
		status = set_link(store, SQL_AUDIT_HEAD, &next);
	if (status == STORE_OK)
		*head = next;
	return status;
}

/* What the trail says of its own beginning, so that nobody else can move that. */
static enum store_status append_dropped(struct store *store, const struct store_link *begin,
					struct store_link *head)
{
	char detail[128];
	struct store_audit entry = {
		.time = (int64_t)time(NULL) * 1000000,
		.uid = geteuid(),
		.pid = getpid(),
		.operation = STORE_DROPPED_OPERATION,
		.object = "",
		.status = "ok",
		.detail = detail,
		.count = 1,
	};
	int len = snprintf(detail, sizeof detail, STORE_DROPPED_FORMAT, begin->seq);

	for (size_t i = 0; i < sizeof begin->chain; i++)
		len += snprintf(detail + len, sizeof detail - (size_t)len, "%02x", begin->chain[i]);
	return append(store, &entry, head);
}

enum store_status store_audit_link(struct store *store, uint64_t seq, struct store_link *ret_link)
{
	sqlite3_stmt *row = store_db_statement(store, SQL_AUDIT_LINK);
	struct store_audit_state state;
	struct store_link link = {0};
	enum store_status status = store_audit_state(store, &state);

	if (status != STORE_OK)
		return status;
	if (seq == state.begin.seq) {
		*ret_link = state.begin;
		return STORE_OK;
	}
	if (!row)
		return last_failure(store);
	sqlite3_bind_int64(row, 1, (int64_t)seq);
	int result = sqlite3_step(row);
	bool is_found = result == SQLITE_ROW && read_link(row, 0, &link);

	status = store_db_finish(store, row, result);
	if (status == STORE_OK && !is_found)
		return STORE_NOT_FOUND;
	if (status == STORE_OK)
		*ret_link = link;
	return status;
}

static enum store_status trim(struct store *store, const struct store_audit_state *state,
			      struct store_link *head, uint64_t keep)
{
	uint64_t until = head->seq - keep;
	struct store_link begin;

	/* What the TPM vouches for has to be there to be compared with. */
	if (state->anchored && until > state->anchored &&
	    head->seq - state->begin.seq < TRIM_PATIENCE * keep)
		until = state->anchored;
	if (until <= state->begin.seq)
		return STORE_OK;
	enum store_status status = store_audit_link(store, until, &begin);
	sqlite3_stmt *trim = store_db_statement(store, SQL_AUDIT_TRIM);

	/* A gap that somebody made: it is not for us to hide it. */
	if (status == STORE_NOT_FOUND)
		return STORE_OK;
	if (status != STORE_OK)
		return status;
	if (!trim)
		return last_failure(store);
	sqlite3_bind_int64(trim, 1, (int64_t)until);
	status = store_db_run(store, trim);
	if (status == STORE_OK)
		status = set_link(store, SQL_AUDIT_BEGIN, &begin);
	if (status == STORE_OK)
		status = append_dropped(store, &begin, head);
	return status;
}

enum store_status store_audit_add(struct store *store, const struct store_audit *entry,
				  uint64_t keep)
{
	struct store_audit_state state;
	enum store_status status = store_audit_state(store, &state);
	struct store_link head = state.head;

	if (status == STORE_OK)
		status = append(store, entry, &head);
	if (status == STORE_OK && head.seq % TRIM_EVERY == 0 && head.seq > keep)
		status = trim(store, &state, &head, keep);
	return status;
}

static int64_t number_of(uint64_t seq)
{
	return seq > INT64_MAX ? INT64_MAX : (int64_t)seq;
}

/* Each row of @rows, which is bound, until @each has enough. */
static enum store_status
each_row(struct store *store, sqlite3_stmt *rows,
	 bool (*each)(uint64_t seq, const struct store_audit *entry, void *user), void *user)
{
	int result;

	while ((result = sqlite3_step(rows)) == SQLITE_ROW) {
		const char *texts[STORE_TEXTS];
		struct store_record record;
		struct store_link stored;

		store_audit_read(rows, &record, &stored);
		for (int i = 0; i < STORE_TEXTS; i++)
			texts[i] = record.texts[i].bytes ? record.texts[i].bytes : "";
		struct store_audit entry = {
			.time = record.time,
			.uid = (uint32_t)record.uid,
			.pid = (int32_t)record.pid,
			.operation = texts[STORE_OPERATION],
			.object = texts[STORE_OBJECT],
			.status = texts[STORE_RESULT],
			.detail = texts[STORE_DETAIL],
			.count = (uint32_t)record.count,
			.chain = stored.chain,
			.user = texts[STORE_USER],
		};

		if (!each(stored.seq, &entry, user))
			break;
	}
	return store_db_finish(store, rows, result);
}

enum store_status store_audit_list(struct store *store, uint64_t after,
				   bool (*each)(uint64_t seq, const struct store_audit *entry,
						void *user),
				   void *user)
{
	sqlite3_stmt *rows = store_db_statement(store, SQL_AUDIT_LIST);

	if (!rows)
		return last_failure(store);
	sqlite3_bind_int64(rows, 1, number_of(after));
	sqlite3_bind_int64(rows, 2, -1);
	return each_row(store, rows, each, user);
}

enum store_status store_audit_list_back(struct store *store, uint64_t before, uint64_t after,
					bool (*each)(uint64_t seq, const struct store_audit *entry,
						     void *user),
					void *user)
{
	sqlite3_stmt *rows = store_db_statement(store, SQL_AUDIT_LIST_BACK);

	if (!rows)
		return last_failure(store);
	sqlite3_bind_int64(rows, 1, number_of(before));
	sqlite3_bind_int64(rows, 2, number_of(after));
	return each_row(store, rows, each, user);
}

enum store_status store_audit_anchored(struct store *store, uint64_t seq)
{
	sqlite3_stmt *set = store_db_statement(store, SQL_AUDIT_ANCHORED);

	if (!set)
		return last_failure(store);
	sqlite3_bind_int64(set, 1, (int64_t)seq);
	return store_db_run(store, set);
}

/* The last byte is not zero: TPMs strip trailing zeros. */
static bool auth_make(uint8_t auth[STORE_ANCHOR_AUTH])
{
	do
		if (RAND_priv_bytes(auth, STORE_ANCHOR_AUTH) != 1)
			return false;
	while (auth[STORE_ANCHOR_AUTH - 1] == 0);
	return true;
}

enum store_status store_audit_auth(struct store *store, uint8_t ret_auth[STORE_ANCHOR_AUTH])
{
	sqlite3_stmt *row = store_db_statement(store, SQL_AUDIT_AUTH);
	sqlite3_stmt *set = store_db_statement(store, SQL_AUDIT_AUTH_SET);
	bool is_there = false;

	if (!row || !set)
		return last_failure(store);
	int result = sqlite3_step(row);

	if (result == SQLITE_ROW && sqlite3_column_bytes(row, 0) == STORE_ANCHOR_AUTH) {
		memcpy(ret_auth, sqlite3_column_blob(row, 0), STORE_ANCHOR_AUTH);
		is_there = true;
	}
	enum store_status status = store_db_finish(store, row, result);

	if (status != STORE_OK || is_there)
		return status;
	if (!auth_make(ret_auth))
		return store_db_status(store, SQLITE_NOMEM);
	sqlite3_bind_blob(set, 1, ret_auth, STORE_ANCHOR_AUTH, SQLITE_STATIC);
	return store_db_run(store, set);
}

enum store_status store_audit_chain_all(struct store *store)
{
	sqlite3_stmt *rows = store_db_statement(store, SQL_AUDIT_LIST);
	sqlite3_stmt *chain = store_db_statement(store, SQL_AUDIT_CHAIN);
	enum store_status status = STORE_OK;
	struct store_link begin = {0};
	struct store_link head = {0};
	bool has_begun = false;
	int result = SQLITE_ROW;

	if (!rows || !chain)
		return last_failure(store);
	while (status == STORE_OK && result == SQLITE_ROW) {
		struct store_record record;
		struct store_link stored;
		struct store_link next = head;

		/* One at a time, since they are written to. */
		sqlite3_bind_int64(rows, 1, (int64_t)head.seq);
		sqlite3_bind_int64(rows, 2, 1);
		result = sqlite3_step(rows);
		bool is_chained = false;

		if (result == SQLITE_ROW) {
			store_audit_read(rows, &record, &stored);
			is_chained = store_link_next(&head, &record, &next);
			if (!has_begun)
				begin.seq = stored.seq - 1;
			has_begun = true;
		}
		status = store_db_finish(store, rows, result);
		if (status != STORE_OK || result != SQLITE_ROW)
			break;
		if (!is_chained)
			return store_db_status(store, SQLITE_NOMEM);
		sqlite3_bind_blob(chain, 1, next.chain, sizeof next.chain, SQLITE_STATIC);
		sqlite3_bind_int64(chain, 2, (int64_t)next.seq);
		status = store_db_run(store, chain);
		head = next;
	}
	if (status == STORE_OK)
		status = set_link(store, SQL_AUDIT_BEGIN, &begin);
	if (status == STORE_OK)
		status = set_link(store, SQL_AUDIT_HEAD, &head);
	if (status == STORE_OK && begin.seq)
		status = append_dropped(store, &begin, &head);
	return status;
}
