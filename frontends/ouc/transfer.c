#include "transfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "approach.h"
#include "backoff.h"
#include "data_value.h"
#include "dial.h"
#include "fault.h"
#include "receiver.h"
#include "sender.h"

#define LASTED_US UINT64_C(10000000) /* a connection that was no failure */
#define FIRST_US  (BACKOFF_FIRST_MS * UINT64_C(1000))

struct transfer {
	struct connection *connection;
	struct approach *approach;
	struct data_image *receive_image;
	struct sender *sender;	   /* NULL: no TSEND_C */
	struct receiver *receiver; /* NULL: no TRCV_C */
	sd_event_source *timer; /* the next try; or until the peer has ended the connection, too */
	uint64_t opened_at, failed_at, next_try;
	unsigned failures;
	bool has_ended;	  /* the peer's direction */
	bool is_finished; /* ours */
	bool is_changed;  /* what is sent on change has not been sent since */
	bool is_hindered; /* the error is that of the own certificate, or of the port */
	bool has_no_port;
};

static const struct connection_settings *settings_of(const struct transfer *transfer)
{
	return transfer->connection->settings;
}

static sd_event *event_of(const struct transfer *transfer)
{
	return transfer->connection->world->event;
}

static const struct leg *leg_of(const struct transfer *transfer)
{
	return approach_leg(transfer->approach);
}

static uint64_t now_of(const struct transfer *transfer)
{
	uint64_t now = 0;

	(void)sd_event_now(event_of(transfer), CLOCK_MONOTONIC, &now);
	return now;
}

static bool is_sending(const struct transfer *transfer)
{
	return transfer->sender && sender_is_busy(transfer->sender);
}

static bool is_reading(const struct transfer *transfer)
{
	/* Without TRCV_C, and when all was said, too: so the end of the connection is seen. */
	return !transfer->has_ended &&
	       (!transfer->receiver || settings_of(transfer)->is_enabled || transfer->is_finished);
}

static bool wants_connection(const struct transfer *transfer)
{
	return settings_of(transfer)->keeps_open || is_sending(transfer) || transfer->is_changed;
}

static enum ouc_status status_of(const struct transfer *transfer)
{
	const struct connection_outputs *outputs = &transfer->connection->outputs;
	bool is_well = outputs->done || outputs->ndr;

	if (leg_of(transfer)) {
		if (transfer->is_finished)
			return OUC_CLOSING;
		if (is_sending(transfer))
			return OUC_SENDING;
		if (transfer->receiver && receiver_is_within(transfer->receiver))
			return OUC_RECEIVING;
		return is_well ? OUC_OK : OUC_CONNECTED;
	}
	if (approach_handshakes(transfer->approach))
		return OUC_HANDSHAKE;
	if (!settings_of(transfer)->is_active || wants_connection(transfer))
		return OUC_CONNECTING;
	return is_well ? OUC_OK : OUC_IDLE;
}

/* The outputs that follow from the state; told by whoever knows whether that is an event. */
static void refresh(struct transfer *transfer)
{
	struct connection_outputs *outputs = &transfer->connection->outputs;

	outputs->busy = is_sending(transfer);
	if (!outputs->error)
		outputs->status = status_of(transfer);
	connection_changed(transfer->connection);
}

static void show_peer(struct transfer *transfer)
{
	struct connection_outputs *outputs = &transfer->connection->outputs;
	const struct leg *leg = leg_of(transfer);

	outputs->is_connected = leg != NULL;
	snprintf(outputs->peer, sizeof(outputs->peer), "%s", leg ? leg->address : "");
	*outputs->security = '\0';
	if (leg)
		stream_describe(leg->stream, outputs->security, sizeof(outputs->security));
}

static void drop_all(struct transfer *transfer)
{
	approach_drop(transfer->approach);
	transfer->has_ended = false;
	transfer->is_finished = false;
	if (transfer->receiver)
		receiver_reset(transfer->receiver);
	if (transfer->sender && settings_of(transfer)->keeps_open)
		sender_run(transfer->sender, false);
	(void)sd_event_source_set_enabled(transfer->timer, SD_EVENT_OFF);
	show_peer(transfer);
}

static void drop_order(struct transfer *transfer)
{
	if (!is_sending(transfer))
		return;
	sender_end(transfer->sender);
	transfer->is_changed |= settings_of(transfer)->send_on == SEND_ON_CHANGE;
}

static void proceed(struct transfer *transfer);

/* The connection broke, or could not be made; an order goes with it. */
static void break_off(struct transfer *transfer, enum ouc_status status, const char *message)
{
	struct connection_outputs *outputs = &transfer->connection->outputs;
	uint64_t now = now_of(transfer), wait;
	char text[CONNECTION_MESSAGE_MAX];

	/* It may belong to what is dropped. */
	snprintf(text, sizeof(text), "%s", message);
	if (leg_of(transfer) && now - transfer->opened_at >= LASTED_US)
		transfer->failures = 0;
	drop_all(transfer);
	drop_order(transfer);
	wait = backoff_ms(++transfer->failures, BACKOFF_SERVICE_MS) * UINT64_C(1000);
	transfer->failed_at = now;
	/* Not all at once, where one peer had many. */
	transfer->next_try = now + wait + (uint64_t)random() % (wait / 8);
	outputs->failures++;
	outputs->busy = outputs->done = false;
	connection_fails(transfer->connection, status, text);
	proceed(transfer);
}

/* The connection ended as it should. */
static void end_well(struct transfer *transfer)
{
	drop_all(transfer);
	transfer->failures = 0;
	refresh(transfer);
	connection_says(transfer->connection, status_of(transfer));
	proceed(transfer);
}

static void tell_message(struct transfer *transfer, const char *name,
			 const struct data_block *block, const uint8_t *bytes)
{
	const struct connection_outputs *outputs = &transfer->connection->outputs;

	if (settings_of(transfer)->events < EVENTS_DATA)
		return;
	connection_tell(transfer->connection, EVENTS_DATA, name,
			json_pack("{s:s, s:s, s:i, s:o}", "peer", outputs->peer, "block",
				  block->name, "bytes", (int)block->size, "values",
				  data_block_json(block, bytes)));
}

static void sent(struct transfer *transfer)
{
	struct connection_outputs *outputs = &transfer->connection->outputs;

	tell_message(transfer, "sent", settings_of(transfer)->send_data,
		     sender_message(transfer->sender));
	sender_end(transfer->sender);
	outputs->sent++;
	outputs->done = true;
	refresh(transfer);
}

static void ended(struct transfer *transfer)
{
	if (transfer->is_finished) {
		/* CONT = FALSE: that the peer ended it after us shows that it has all. */
		sent(transfer);
		end_well(transfer);
	} else if (settings_of(transfer)->is_active) {
		break_off(transfer, OUC_REFUSED, "the peer ended the connection");
	} else {
		drop_order(transfer);
		end_well(transfer);
	}
}

/* CONT = FALSE: the message is out. */
static void finish(struct transfer *transfer)
{
	transfer->is_finished = true;
	stream_finish(leg_of(transfer)->stream);
	(void)sd_event_source_set_time_relative(transfer->timer,
						settings_of(transfer)->message_ms * UINT64_C(1000));
	(void)sd_event_source_set_enabled(transfer->timer, SD_EVENT_ONESHOT);
	refresh(transfer);
}

static void order_if_changed(struct transfer *transfer);

static void push(struct transfer *transfer)
{
	if (sender_push(transfer->sender, leg_of(transfer)->stream) != STREAM_OK)
		return; /* it goes on, or failed() comes */
	if (settings_of(transfer)->keeps_open)
		sent(transfer);
	else
		finish(transfer);
	if (transfer->has_ended)
		ended(transfer);
	else
		order_if_changed(transfer);
}

static void set_wants(struct transfer *transfer)
{
	unsigned wants = 0;

	if (!leg_of(transfer))
		return;
	if (is_reading(transfer))
		wants |= STREAM_READ;
	if (transfer->sender && sender_has_unsent(transfer->sender))
		wants |= STREAM_WRITE;
	stream_wants(leg_of(transfer)->stream, wants);
}

static void on_end(struct transfer *transfer)
{
	transfer->has_ended = true;
	/* It may still read. */
	if (!transfer->sender || !sender_has_unsent(transfer->sender))
		ended(transfer);
}

static void read_nothing(struct transfer *transfer)
{
	size_t len;

	switch (stream_read(leg_of(transfer)->stream, transfer->connection->world->scratch,
			    WORLD_SCRATCH, &len)) {
	case STREAM_OK:
		if (transfer->receiver)
			break; /* EN_R = FALSE: it is lost with the connection */
		break_off(transfer, OUC_BAD_DATA,
			  "the peer sends data, and there is no TRCV_C here that would receive "
			  "them: give TRCV_C a data block");
		break;
	case STREAM_END:
		on_end(transfer);
		break;
	case STREAM_AGAIN:
	case STREAM_BROKEN:
		break;
	}
}

static void read_messages(struct transfer *transfer)
{
	char problem[RECEIVER_PROBLEM_MAX];

	switch (receiver_read(transfer->receiver, leg_of(transfer)->stream,
			      transfer->connection->world->scratch, problem)) {
	case RECEIVER_OK:
		refresh(transfer);
		break;
	case RECEIVER_ENDED:
		on_end(transfer);
		break;
	case RECEIVER_CUT:
		break_off(transfer, OUC_BROKEN, problem);
		break;
	case RECEIVER_BAD:
		break_off(transfer, OUC_BAD_DATA, problem);
		break;
	case RECEIVER_BROKEN:
		break;
	case RECEIVER_NOMEM:
		break_off(transfer, OUC_RESOURCES, "there is no memory for what comes");
		break;
	}
}

static void on_message(const uint8_t *bytes, void *user)
{
	struct transfer *transfer = user;
	struct connection *connection = transfer->connection;

	connection->outputs.received++;
	connection->outputs.ndr = true;
	connection->world->write(transfer->receive_image, bytes, connection->world->user);
	tell_message(transfer, "received", settings_of(transfer)->receive_data, bytes);
}

static void on_message_late(void *user)
{
	break_off(user, OUC_TIMEOUT,
		  "the rest of a message did not come in time: does the peer send the same block?");
}

static void on_ready(void *user)
{
	struct transfer *transfer = user;

	if (is_reading(transfer)) {
		if (transfer->receiver && settings_of(transfer)->is_enabled)
			read_messages(transfer);
		else
			read_nothing(transfer);
	}
	if (leg_of(transfer) && transfer->sender && sender_has_unsent(transfer->sender))
		push(transfer);
	set_wants(transfer);
}

static void on_arrived(void *user)
{
	struct transfer *transfer = user;
	struct connection *connection = transfer->connection;

	transfer->opened_at = now_of(transfer);
	connection->outputs.ndr = false;
	connection_clear_error(connection);
	show_peer(transfer);
	connection_says(connection, OUC_CONNECTED);
	if (transfer->sender)
		sender_run(transfer->sender, true);
	if (is_sending(transfer))
		push(transfer);
	else
		order_if_changed(transfer);
	set_wants(transfer);
}

static void on_failed(enum ouc_status status, const char *message, void *user)
{
	break_off(user, status, message);
}

/* Whether nothing here is in the way of a connection. */
static bool is_able(struct transfer *transfer)
{
	struct connection *connection = transfer->connection;
	char message[TLS_MESSAGE_MAX];
	enum tls_identity_state state = security_state(&connection->security, message);

	if (state == TLS_IDENTITY_UNFIT) {
		transfer->is_hindered = true;
		drop_order(transfer);
		connection->outputs.busy = false;
		connection_fails(connection, OUC_OWN_CERT, message);
		return false;
	}
	if (state == TLS_IDENTITY_WAITING && *connection->world->service_problem) {
		transfer->is_hindered = true;
		connection_fails(connection, OUC_TEMPORARY, connection->world->service_problem);
		return false;
	}
	if (transfer->has_no_port)
		return false;
	if (transfer->is_hindered)
		connection_clear_error(connection);
	transfer->is_hindered = false;
	return state == TLS_IDENTITY_READY;
}

/* Does what is next while there is neither a connection nor one on its way. */
static void proceed(struct transfer *transfer)
{
	bool able;

	if (!approach_is_idle(transfer->approach))
		return;
	able = is_able(transfer);
	if (able && settings_of(transfer)->is_active && wants_connection(transfer)) {
		if (transfer->next_try <= now_of(transfer)) {
			(void)sd_event_source_set_enabled(transfer->timer, SD_EVENT_OFF);
			approach_dial(transfer->approach);
			return;
		}
		(void)sd_event_source_set_time(transfer->timer, transfer->next_try);
		(void)sd_event_source_set_enabled(transfer->timer, SD_EVENT_ONESHOT);
	}
	/* Without a certificate yet, it turns peers away. */
	connection_says(transfer->connection, able ? status_of(transfer) : OUC_IDLE);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *user)
{
	struct transfer *transfer = user;

	(void)source;
	(void)usec;
	if (leg_of(transfer))
		break_off(transfer, OUC_TIMEOUT,
			  "the peer did not end the connection after the message, as CONT = FALSE "
			  "expects: whether it has the message is not known");
	else
		proceed(transfer);
	return 0;
}

static enum send_order order(struct transfer *transfer, bool is_urgent)
{
	struct connection *connection = transfer->connection;

	if (is_sending(transfer))
		return SEND_BUSY;
	transfer->is_changed = false;
	connection->outputs.done = false;
	if (!sender_order(transfer->sender)) {
		connection_fails(connection, OUC_RESOURCES, "there is no memory for the message");
		return SEND_TAKEN;
	}
	connection->outputs.busy = true;
	if (is_urgent && transfer->next_try > transfer->failed_at + FIRST_US)
		transfer->next_try = transfer->failed_at + FIRST_US;
	if (!transfer->is_hindered)
		connection_clear_error(connection);
	if (leg_of(transfer))
		push(transfer);
	else
		proceed(transfer);
	set_wants(transfer);
	refresh(transfer);
	return SEND_TAKEN;
}

static void order_if_changed(struct transfer *transfer)
{
	if (transfer->is_changed && leg_of(transfer) && !transfer->is_finished)
		(void)order(transfer, false);
}

static void on_due(uint64_t missed, void *user)
{
	struct transfer *transfer = user;
	struct connection_outputs *outputs = &transfer->connection->outputs;

	outputs->skipped += missed;
	if (transfer->is_hindered || order(transfer, false) == SEND_BUSY)
		outputs->skipped++;
}

enum send_order transfer_order(struct transfer *transfer)
{
	return transfer->sender ? order(transfer, true) : SEND_NO_SENDER;
}

void transfer_image_changed(struct transfer *transfer)
{
	transfer->is_changed = true;
	order_if_changed(transfer);
	proceed(transfer);
}

enum connection_fit transfer_fits(const struct transfer *transfer, const char *address,
				  unsigned *ret_load)
{
	return approach_fits(transfer->approach, address, ret_load);
}

void transfer_accept(struct transfer *transfer, int fd, const char *address)
{
	approach_accept(transfer->approach, fd, address);
}

void transfer_listens(struct transfer *transfer, enum listener_state state, const char *message)
{
	transfer->has_no_port = state != LISTENER_LISTENS;
	/* A connection goes on without it. */
	if (transfer->has_no_port && !leg_of(transfer)) {
		transfer->is_hindered = true;
		connection_fails(transfer->connection, fault_of_listener(state), message);
	}
	proceed(transfer);
}

void transfer_security_changed(struct transfer *transfer)
{
	proceed(transfer);
}

void transfer_tick(struct transfer *transfer)
{
	if (!leg_of(transfer) || !dial_look_after(leg_of(transfer)->fd))
		return;
	/* EN_R = FALSE: what has come is not read; that the peer has gone is seen nevertheless. */
	if (!is_reading(transfer) && !transfer->has_ended) {
		on_end(transfer);
		set_wants(transfer);
	}
}

static bool add_blocks(struct transfer *transfer, struct data_image *send,
		       struct data_image *receive)
{
	static const struct receiver_handler handler = {on_message, on_message_late};
	const struct connection_settings *settings = settings_of(transfer);
	uint32_t cycle_ms = settings->send_on == SEND_ON_CYCLE ? settings->cycle_ms : 0;

	if (send)
		transfer->sender = sender_new(event_of(transfer), send, cycle_ms, on_due, transfer);
	if (receive)
		transfer->receiver = receiver_new(event_of(transfer), settings->receive_data,
						  settings->message_ms, &handler, transfer);
	return (!send || transfer->sender) && (!receive || transfer->receiver);
}

struct transfer *transfer_new(struct connection *connection, struct data_image *send,
			      struct data_image *receive)
{
	static const struct approach_handler handler = {on_arrived, on_ready, on_failed};
	struct transfer *transfer = calloc(1, sizeof(*transfer));

	if (!transfer)
		return NULL;
	transfer->connection = connection;
	transfer->receive_image = receive;
	transfer->approach = approach_new(connection, &handler, transfer);
	if (!transfer->approach ||
	    sd_event_add_time(event_of(transfer), &transfer->timer, CLOCK_MONOTONIC, UINT64_MAX, 0,
			      on_timer, transfer) < 0 ||
	    sd_event_source_set_enabled(transfer->timer, SD_EVENT_OFF) < 0 ||
	    !add_blocks(transfer, send, receive)) {
		transfer_free(transfer);
		return NULL;
	}
	if (transfer->sender && !connection->settings->keeps_open)
		sender_run(transfer->sender, true);
	proceed(transfer);
	return transfer;
}

void transfer_free(struct transfer *transfer)
{
	if (!transfer)
		return;
	approach_free(transfer->approach);
	sender_free(transfer->sender);
	receiver_free(transfer->receiver);
	sd_event_source_disable_unref(transfer->timer);
	free(transfer);
}
