/* Operations on transactions. */
#include <stddef.h>

#include "client.h"
#include "keystore_service.h"
#include "request.h"

#define BLOCKING (&(struct reply_to){.ret_result = ret_result})
#define STARTED	 (&(struct reply_to){.done = done, .user = user})

static enum ks_status txn_begin(struct ks_client *client, const struct reply_to *to)
{
	Keystore__V1__TxnBeginRequest body = KEYSTORE__V1__TXN_BEGIN_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	request.body_case = KEYSTORE__V1__REQUEST__BODY_TXN_BEGIN;
	request.txn_begin = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_txn_begin(struct ks_client *client, struct ks_result **ret_result)
{
	return txn_begin(client, BLOCKING);
}

enum ks_status ks_txn_begin_start(struct ks_client *client, ks_done_fn *done, void *user)
{
	return txn_begin(client, STARTED);
}

static enum ks_status txn_apply(struct ks_client *client, const struct reply_to *to)
{
	Keystore__V1__TxnApplyRequest body = KEYSTORE__V1__TXN_APPLY_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	request.body_case = KEYSTORE__V1__REQUEST__BODY_TXN_APPLY;
	request.txn_apply = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_txn_apply(struct ks_client *client, struct ks_result **ret_result)
{
	return txn_apply(client, BLOCKING);
}

enum ks_status ks_txn_apply_start(struct ks_client *client, ks_done_fn *done, void *user)
{
	return txn_apply(client, STARTED);
}

static enum ks_status txn_cancel(struct ks_client *client, const struct reply_to *to)
{
	Keystore__V1__TxnCancelRequest body = KEYSTORE__V1__TXN_CANCEL_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	request.body_case = KEYSTORE__V1__REQUEST__BODY_TXN_CANCEL;
	request.txn_cancel = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_txn_cancel(struct ks_client *client, struct ks_result **ret_result)
{
	return txn_cancel(client, BLOCKING);
}

enum ks_status ks_txn_cancel_start(struct ks_client *client, ks_done_fn *done, void *user)
{
	return txn_cancel(client, STARTED);
}

static enum ks_status txn_status(struct ks_client *client, const struct reply_to *to)
{
	Keystore__V1__TxnStatusRequest body = KEYSTORE__V1__TXN_STATUS_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	request.body_case = KEYSTORE__V1__REQUEST__BODY_TXN_STATUS;
	request.txn_status = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_txn_status(struct ks_client *client, struct ks_result **ret_result)
{
	return txn_status(client, BLOCKING);
}

enum ks_status ks_txn_status_start(struct ks_client *client, ks_done_fn *done, void *user)
{
	return txn_status(client, STARTED);
}
