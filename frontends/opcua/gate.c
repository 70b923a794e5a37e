#include "gate.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "asymmetric.h"
#include "gate_private.h"

#define SLOW_TOLD_US (10 * UINT64_C(1000000))

uint64_t gate_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void gate_log(struct gate *gate, const char *address, const char *what)
{
	char message[GATE_MESSAGE_MAX];

	snprintf(message, sizeof(message), "%s is turned away: %s", address, what);
	if (gate->options.log)
		gate->options.log(message, gate->options.user);
}

void gate_log_let_in(struct gate *gate, const char *address, const char *why)
{
	char message[GATE_MESSAGE_MAX];

	snprintf(message, sizeof(message),
		 "%s is let in to set this server up, as long as nobody is trusted: %s", address,
		 why);
	if (gate->options.log)
		gate->options.log(message, gate->options.user);
}

static void tell(struct peer *peer, UA_StatusCode status, const char *why)
{
	struct gate *gate = peer->gate;
	uint64_t now = gate_now();

	/* Who comes again and again need not be told of again and again. */
	if (status == UA_STATUSCODE_BADTCPSERVERTOOBUSY) {
		if (gate->told_slow && now - gate->told_slow < SLOW_TOLD_US)
			return;
		gate->told_slow = now;
	}
	gate_log(gate, peer->address, why);
}

static void drop_opening(struct peer *peer)
{
	struct flow *flow = peer->opening;

	peer->opening = NULL;
	flow_drop(flow);
}

enum tcp_step peer_refuse(struct peer *peer, UA_StatusCode status, const char *why,
			  UA_StatusCode *ret_status)
{
	tell(peer, status, why);
	drop_opening(peer);
	*ret_status = status;
	return TCP_REFUSE;
}

void peer_turn_away(struct peer *peer, UA_StatusCode status, const char *why)
{
	tell(peer, status, why);
	drop_opening(peer);
	tcp_refuse(peer->connection, status);
}

bool gate_digest(const uint8_t *bytes, size_t len, uint8_t digest[GATE_DIGEST])
{
	return EVP_Digest(bytes, len, digest, NULL, EVP_sha256(), NULL) == 1;
}

bool gate_chain(const uint8_t *der, size_t len, const uint8_t *certs[GATE_CHAIN_MAX],
		size_t lens[GATE_CHAIN_MAX], size_t *ret_count)
{
	size_t count = 0;

	while (len) {
		size_t one = asymmetric_leaf(der, len);

		if (!one || count == GATE_CHAIN_MAX)
			return false;
		certs[count] = der;
		lens[count++] = one;
		der += one;
		len -= one;
	}
	*ret_count = count;
	return count;
}

static bool on_opened(struct tcp_connection *connection, void **ret_context, void *user)
{
	struct gate *gate = user;
	struct peer *peer = calloc(1, sizeof(*peer));

	if (!peer)
		return false;
	peer->gate = gate;
	peer->connection = connection;
	snprintf(peer->address, sizeof(peer->address), "%s", tcp_address(connection));
	LIST_INSERT_HEAD(&gate->peers, peer, all);
	*ret_context = peer;
	return true;
}

static void peer_free(struct peer *peer)
{
	if (peer->gate->current == peer)
		peer->gate->current = NULL;
	if (peer->is_owing)
		throttle_wrong(peer->gate->throttle, peer->address, peer->leaf, sizeof(peer->leaf),
			       gate_now());
	LIST_REMOVE(peer, all);
	flow_drop(peer->opening);
	flow_drop(peer->asking);
	peer_forget(peer);
	message_forget(peer);
	own_cert_free(peer->own);
	symmetric_work_free(peer->keys[0].work);
	symmetric_work_free(peer->keys[1].work);
	OPENSSL_cleanse(peer, sizeof(*peer));
	free(peer);
}

static void on_closed(void *context, void *user)
{
	(void)user;
	peer_free(context);
}

static enum tcp_step on_in(uint8_t *chunk, size_t len, void *context, UA_StatusCode *ret_status,
			   void *user)
{
	struct gate *gate = user;
	struct peer *peer = context;
	struct chunk_header header;
	enum tcp_step step = TCP_PASS;

	if (len < CHUNK_HEADER || !chunk_header_read(chunk, &header))
		step = TCP_PASS; /* open62541 says what that is */
	else if (header.type == CHUNK_OPN)
		step = open_in(peer, chunk, len, ret_status);
	else if (header.type == CHUNK_MSG)
		step = message_in(peer, chunk, len);
	if (step == TCP_PASS)
		gate->current = peer;
	return step;
}

static void on_fed(void *context, void *user)
{
	struct gate *gate = user;
	struct peer *peer = context;

	gate->current = NULL;
	peer->is_ready = false;
	peer->session = 0;
	open_fed(peer);
	peer_forget(peer);
}

static enum tcp_step on_out(uint8_t *chunk, size_t len, void *context, UA_StatusCode *ret_status,
			    void *user)
{
	struct gate *gate = user;
	struct peer *peer = context;
	struct chunk_header header;

	if (len < CHUNK_HEADER || !chunk_header_read(chunk, &header))
		return TCP_PASS;
	if (header.type == CHUNK_OPN)
		return open_out(peer, chunk, len, ret_status);
	/* open62541 answers only what was sealed by keys that were encrypted for the peer. */
	if (header.type == CHUNK_MSG && !peer->is_proven && peer->is_accepted) {
		peer->is_proven = true;
		peer->is_owing = false;
		throttle_right(gate->throttle, peer->address, peer->leaf, sizeof(peer->leaf),
			       gate_now());
	}
	return TCP_PASS;
}

const struct tcp_gate *gate_tcp(void)
{
	static const struct tcp_gate gate = {
		.opened = on_opened,
		.closed = on_closed,
		.in = on_in,
		.fed = on_fed,
		.out = on_out,
	};

	return &gate;
}

/* There is room for one more among those that are worked on. */
static int on_turn(sd_event_source *source, void *user)
{
	struct gate *gate = user;
	struct flow *flow;

	(void)source;
	while (gate->working < GATE_WORKING_MAX && (flow = TAILQ_FIRST(&gate->queue))) {
		TAILQ_REMOVE(&gate->queue, flow, queue);
		flow->is_queued = false;
		flow->is_working = true;
		gate->working++;
		tcp_release(flow->peer->connection);
	}
	return 0;
}

struct gate *gate_new(sd_event *event, const struct gate_options *options)
{
	struct gate *gate = calloc(1, sizeof(*gate));

	if (!gate)
		return NULL;
	gate->options = *options;
	LIST_INIT(&gate->peers);
	LIST_INIT(&gate->flows);
	TAILQ_INIT(&gate->queue);
	gate->keys = keys_new(options->socket);
	gate->throttle = throttle_new(&options->throttle);
	if (gate->keys && gate->throttle &&
	    sd_event_add_defer(event, &gate->turn, on_turn, gate) >= 0 &&
	    sd_event_source_set_enabled(gate->turn, SD_EVENT_OFF) >= 0)
		return gate;
	gate_free(gate);
	return NULL;
}

void gate_set_policies(struct gate *gate, struct policy_set *policies)
{
	gate->policies = policies;
}

void gate_set_setup(struct gate *gate, bool is_on)
{
	gate->is_in_setup = is_on;
}

bool gate_is_newcomer(const struct gate *gate, uint64_t connection)
{
	const struct peer *peer;

	LIST_FOREACH(peer, &gate->peers, all)
	{
		if (connection && tcp_serial(peer->connection) == connection)
			return peer->is_newcomer;
	}
	return false;
}

void gate_free(struct gate *gate)
{
	struct peer *peer;
	struct flow *flow;

	if (!gate)
		return;
	while ((peer = LIST_FIRST(&gate->peers)))
		peer_free(peer);
	/* What keystored has not answered yet is nobody's. */
	while ((flow = LIST_FIRST(&gate->flows))) {
		LIST_REMOVE(flow, all);
		flow->gate = NULL;
	}
	sd_event_source_disable_unref(gate->turn);
	throttle_free(gate->throttle);
	keys_free(gate->keys);
	OPENSSL_cleanse(gate, sizeof(*gate));
	free(gate);
}
