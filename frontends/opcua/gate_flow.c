#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gate_private.h"

#define DEADLINE_MS 10000

struct question {
	struct flow *flow;
	size_t index;
	void (*take)(struct flow *flow, size_t index, const struct ks_result *result);
};

struct flow *flow_new(struct peer *peer, const struct policy_kind *kind, struct own_cert *own,
		      void (*next)(struct flow *flow))
{
	struct flow *flow = calloc(1, sizeof(*flow));

	if (!flow)
		return NULL;
	flow->gate = peer->gate;
	flow->peer = peer;
	flow->kind = kind;
	flow->own = own_cert_share(own);
	flow->next = next;
	memcpy(flow->address, peer->address, sizeof(flow->address));
	LIST_INSERT_HEAD(&peer->gate->flows, flow, all);
	return flow;
}

static void leave(struct flow *flow)
{
	struct gate *gate = flow->gate;

	LIST_REMOVE(flow, all);
	if (flow->is_queued)
		TAILQ_REMOVE(&gate->queue, flow, queue);
	if (flow->has_place)
		throttle_leave(gate->throttle, flow->address);
	if (!flow->is_working)
		return;
	gate->working--;
	(void)sd_event_source_set_enabled(gate->turn, SD_EVENT_ONESHOT);
}

static void flow_free(struct flow *flow)
{
	if (flow->gate) {
		gate_logout(flow->gate, &flow->login);
		leave(flow);
	}
	policy_late_free(flow->late);
	own_cert_free(flow->own);
	OPENSSL_cleanse(flow, sizeof(*flow));
	free(flow);
}

void flow_drop(struct flow *flow)
{
	if (!flow)
		return;
	flow->peer = NULL;
	if (!flow->pending)
		flow_free(flow);
}

bool flow_enter(struct flow *flow)
{
	flow->has_place = throttle_enter(flow->gate->throttle, flow->address);
	return flow->has_place;
}

bool flow_work(struct flow *flow)
{
	struct gate *gate = flow->gate;

	if (flow->is_working || flow->is_queued)
		return flow->is_working;
	if (gate->working < GATE_WORKING_MAX && TAILQ_EMPTY(&gate->queue)) {
		gate->working++;
		flow->is_working = true;
		return true;
	}
	flow->is_queued = true;
	TAILQ_INSERT_TAIL(&gate->queue, flow, queue);
	return false;
}

static void on_answer(const struct ks_result *result, void *user)
{
	struct question *question = user;
	struct flow *flow = question->flow;

	if (result->status != KS_OK && flow->status == KS_OK) {
		flow->status = result->status;
		snprintf(flow->message, sizeof(flow->message), "%s", result->message);
	}
	question->take(flow, question->index, result);
	free(question);
	flow->pending--;
	if (flow->pending)
		return;
	if (flow->peer)
		flow->next(flow);
	else
		flow_free(flow);
}

/* What @asked says has to be known to be asked, in a call of its own. */
static enum ks_status ask_done(struct flow *flow, enum ks_status asked, struct question *question)
{
	uplink_sends(flow->gate->options.uplink);
	if (asked == KS_OK) {
		flow->pending++;
		return KS_OK;
	}
	free(question);
	flow->status = asked;
	snprintf(flow->message, sizeof(flow->message), "keystored cannot be asked: %s",
		 ks_status_name(asked));
	return asked;
}

/* NULL: why is *ret_status. */
static struct ks_client *ask(struct flow *flow, size_t index, enum ks_priority priority,
			     void (*take)(struct flow *flow, size_t index,
					  const struct ks_result *result),
			     struct question **ret_question, enum ks_status *ret_status)
{
	const struct ks_options options = {.deadline_ms = DEADLINE_MS, .priority = priority};
	struct ks_client *client = uplink_client_as(flow->gate->options.uplink, &options, NULL, 0);
	struct question *question = calloc(1, sizeof(*question));

	*ret_question = question;
	if (!client || !question) {
		*ret_status = ask_done(flow, client ? KS_NOMEM : KS_UNREACHABLE, question);
		return NULL;
	}
	*question = (struct question){flow, index, take};
	return client;
}

static void take_verdict(struct flow *flow, size_t index, const struct ks_result *result)
{
	(void)index;
	if (result->status != KS_OK)
		return;
	flow->reason = result->verdict->reason;
	flow->depth = result->verdict->depth;
	snprintf(flow->message, sizeof(flow->message), "%s", result->verdict->message);
}

enum ks_status flow_ask_verdict(struct flow *flow, const struct ks_validation *validation)
{
	struct question *question;
	enum ks_status status;
	struct ks_client *client =
		ask(flow, 0, KS_PRIORITY_NORMAL, take_verdict, &question, &status);

	if (!client)
		return status;
	return ask_done(flow, ks_validate_start(client, validation, on_answer, question), question);
}

static void take_bytes(struct flow *flow, size_t index, const struct ks_result *result)
{
	struct flow_block *block = &flow->blocks[index];

	block->is_refused = result->status != KS_OK || result->data_len > sizeof(block->answer);
	if (block->is_refused)
		return;
	if (result->data_len)
		memcpy(block->answer, result->data, result->data_len);
	block->answer_len = result->data_len;
}

enum ks_status flow_ask_decrypt(struct flow *flow, size_t index, enum ks_priority priority)
{
	const struct flow_block *block = &flow->blocks[index];
	struct question *question;
	enum ks_status status;
	struct ks_client *client = ask(flow, index, priority, take_bytes, &question, &status);

	if (!client)
		return status;
	if (flow->kind->cipher == POLICY_CIPHER_PKCS1)
		status = ks_decrypt_pkcs1_start(client, flow->own->key, block->asked,
						block->asked_len, on_answer, question);
	else
		status = ks_decrypt_start(client, flow->own->key, flow->kind->cipher_hash,
					  block->asked, block->asked_len, on_answer, question);
	return ask_done(flow, status, question);
}

enum ks_status flow_ask_sign(struct flow *flow, size_t index, enum ks_priority priority)
{
	struct question *question;
	enum ks_status status;
	struct ks_client *client = ask(flow, index, priority, take_bytes, &question, &status);

	if (!client)
		return status;
	return ask_done(flow,
			ks_sign_start(client, flow->own->key, flow->kind->sign_hash,
				      flow->kind->sign_padding, flow->blocks[index].asked,
				      flow->blocks[index].asked_len, on_answer, question),
			question);
}

static void take_login(struct flow *flow, size_t index, const struct ks_result *result)
{
	struct gate_login *login = &flow->login;

	(void)index;
	login->status = result->status;
	snprintf(login->message, sizeof(login->message), "%s", result->message);
	if (result->status != KS_OK)
		return;
	if (result->user_count != 1 || result->login->token_len > sizeof(login->token)) {
		login->status = KS_PROTOCOL;
		return;
	}
	snprintf(login->user, sizeof(login->user), "%s", result->users[0].name);
	login->rights = result->users[0].rights;
	login->must_change = result->users[0].must_change;
	memcpy(login->token, result->login->token, result->login->token_len);
	login->token_len = result->login->token_len;
}

enum ks_status flow_ask_login(struct flow *flow, const struct ks_login_order *order)
{
	struct question *question;
	enum ks_status status;
	struct ks_client *client = ask(flow, 0, KS_PRIORITY_NORMAL, take_login, &question, &status);

	if (!client)
		return status;
	return ask_done(flow, ks_login_order_start(client, order, on_answer, question), question);
}

static void on_logged_out(const struct ks_result *result, void *user)
{
	(void)result;
	(void)user;
}

void gate_logout(struct gate *gate, struct gate_login *login)
{
	const struct ks_options options = {.deadline_ms = DEADLINE_MS};
	struct ks_client *client;

	if (!login->token_len)
		return;
	client = uplink_client_as(gate->options.uplink, &options, login->token, login->token_len);
	/* Else it ends by not being used. */
	if (client)
		(void)ks_logout_start(client, on_logged_out, NULL);
	uplink_sends(gate->options.uplink);
	OPENSSL_cleanse(login, sizeof(*login));
}
