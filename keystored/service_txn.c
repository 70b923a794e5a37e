#include "service_txn.h"

#include <stdio.h>
#include <stdlib.h>

#include "conn.h"
#include "request.h"
#include "service.h"
#include "txn.h"

#define STAGED_MAX 64 /* changes that a reply names */

struct staged {
	char texts[STAGED_MAX][128];
	char *list[STAGED_MAX];
	size_t count;
};

static bool name_change(const struct change *change, void *user)
{
	struct staged *staged = user;
	char *text = staged->texts[staged->count];

	snprintf(text, sizeof staged->texts[0], "%s %s", change->operation, change->object);
	staged->list[staged->count++] = text;
	return staged->count < STAGED_MAX;
}

static void reply_facts(struct request *request, size_t applied)
{
	const struct txn *txn = request->service->txn;
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__TxnReply answer = KEYSTORE__V1__TXN_REPLY__INIT;
	struct staged *staged = calloc(1, sizeof *staged);
	struct txn_facts facts;

	if (!staged) {
		request_fail_memory(request);
		return;
	}
	txn_facts(txn, &facts);
	txn_list(txn, name_change, staged);
	answer.open = facts.is_open;
	answer.mine = facts.is_open && facts.owner == conn_number(request->conn);
	answer.uid = facts.uid;
	answer.pid = facts.pid;
	answer.since = facts.since;
	answer.idle_ms = facts.idle_ms;
	answer.changes = (uint32_t)facts.changes;
	answer.bytes = facts.bytes;
	answer.applied = (uint32_t)applied;
	answer.staged = staged->list;
	answer.n_staged = staged->count;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_TXN;
	reply.txn = &answer;
	request_reply(request, &reply);
	free(staged);
}

static void fail(struct request *request, enum txn_status status)
{
	struct txn_facts facts;

	txn_facts(request->service->txn, &facts);
	switch (status) {
	case TXN_NONE:
		request_fail(request, STATUS_CONFLICT,
			     "this connection has no transaction open: begin one; those that were "
			     "idle for too long are dropped");
		break;
	case TXN_TAKEN:
		request_fail(
			request, STATUS_CONFLICT,
			"uid %u, process %d, has a transaction open since %lld (Unix time), and "
			"there is one at a time: wait for its end; idle, it is dropped in %llu s",
			facts.uid, facts.pid, (long long)facts.since,
			(unsigned long long)facts.idle_ms / 1000);
		break;
	case TXN_FULL:
		request_fail(
			request, STATUS_LIMIT,
			"the transaction has %zu changes with %zu bytes, and takes %d with %zu: "
			"apply it, and go on in another one, or raise [limits] transaction-size",
			facts.changes, facts.bytes, TXN_CHANGES_MAX,
			txn_bytes_max(request->service->txn));
		break;
	case TXN_EMPTY:
		request_fail(request, STATUS_CONFLICT,
			     "there is nothing to apply: stage a change, or cancel");
		break;
	case TXN_OK:
	case TXN_FAILED:
		break;
	}
}

void service_txn_begin(struct request *request, const void *body, const struct keyring_key *key)
{
	enum txn_status status = txn_begin(request->service->txn, conn_number(request->conn),
					   request->uid, request->pid);

	(void)body;
	(void)key;
	if (status == TXN_OK)
		reply_facts(request, 0);
	else
		fail(request, status);
}

void service_txn_apply(struct request *request, const void *body, const struct keyring_key *key)
{
	char sentence[TXN_SENTENCE_MAX] = "";
	enum store_status stored = STORE_OK;
	size_t count = 0;
	enum txn_status status = txn_apply(request->service->txn, conn_number(request->conn),
					   &count, &stored, sentence);

	(void)body;
	(void)key;
	if (status == TXN_OK)
		reply_facts(request, count);
	else if (status != TXN_FAILED)
		fail(request, status);
	else if (stored == STORE_NOMEM)
		request_fail_memory(request);
	else
		request_fail(request,
			     stored == STORE_EXISTS || stored == STORE_NOT_FOUND ? STATUS_CONFLICT
										 : STATUS_STORAGE,
			     "nothing has changed, and the transaction is over: %.380s", sentence);
}

void service_txn_cancel(struct request *request, const void *body, const struct keyring_key *key)
{
	enum txn_status status = txn_cancel(request->service->txn, conn_number(request->conn));

	(void)body;
	(void)key;
	if (status == TXN_OK)
		reply_facts(request, 0);
	else
		fail(request, status);
}

void service_txn_status(struct request *request, const void *body, const struct keyring_key *key)
{
	(void)body;
	(void)key;
	reply_facts(request, 0);
}

void service_txn_stage(struct request *request, struct change *change)
{
	struct service *service = request->service;
	enum txn_status status = TXN_NONE;

	if (request->conn)
		status = txn_stage(service->txn, conn_number(request->conn), change);
	if (status == TXN_OK) {
		request_reply_empty(request);
		return;
	}
	if (change->kind->dropped)
		change->kind->dropped(service, change);
	change_free(change);
	fail(request, status);
}
