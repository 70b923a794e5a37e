/* subscribe: values as they change, over lost connections too. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backoff.h"
#include "command.h"
#include "data_value.h"
#include "json_text.h"
#include "node_id.h"

#define RETRY_LAST_MS 30000u
#define TURN_MS	      1000u
#define QUEUE	      100 /* values that the server keeps while nobody asks */

struct watched {
	struct subscription *of;
	const char *text;
	UA_NodeId id;
};

struct subscription {
	const struct program *program;
	struct server_link *link;
	struct watched nodes[WORDS_MAX];
	size_t count;
	double interval_ms;
	uint64_t changes_left; /* UINT64_MAX: no end */
	int64_t ends;	       /* monotonic, milliseconds; 0: never */
	bool is_there;	       /* at the server */
	bool is_over;	       /* asked for, or nobody reads any more */
	enum exit_code code;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void end(struct subscription *subscription, enum exit_code code)
{
	subscription->is_over = true;
	subscription->code = code;
}

static void print_change(struct subscription *subscription, const char *node,
			 const UA_DataValue *value)
{
	char time[SCALAR_TIME_BYTES];
	char *text;

	if (subscription->program->json) {
		enum exit_code code =
			program_print_json(subscription->program, data_value_json(node, value));

		if (code != EXIT_OK)
			end(subscription, code);
		return;
	}
	text = data_value_text(value);
	data_value_time(value, time);
	if (!text)
		end(subscription, program_no_memory(subscription->program));
	else
		printf("%s  %s  %s\n", *time ? time : "-", node, text);
	free(text);
}

static void on_change(UA_Client *client, UA_UInt32 subscription_id, void *subscription_context,
		      UA_UInt32 item_id, void *item_context, UA_DataValue *value)
{
	struct watched *watched = item_context;
	struct subscription *subscription = watched->of;

	(void)client;
	(void)subscription_id;
	(void)subscription_context;
	(void)item_id;
	if (subscription->is_over)
		return;
	print_change(subscription, watched->text, value);
	/* Each as it comes, to whatever reads it. */
	if (fflush(stdout) == EOF)
		end(subscription, EXIT_FAILED);
	else if (subscription->changes_left != UINT64_MAX && --subscription->changes_left == 0)
		end(subscription, EXIT_OK);
}

static void on_deleted(UA_Client *client, UA_UInt32 subscription_id, void *subscription_context)
{
	struct subscription *subscription = subscription_context;

	(void)client;
	(void)subscription_id;
	subscription->is_there = false;
}

static void on_signal(UA_InterruptManager *manager, uintptr_t handle, void *context,
		      const UA_KeyValueMap *instance)
{
	struct subscription *subscription = context;

	(void)manager;
	(void)handle;
	(void)instance;
	end(subscription, EXIT_OK);
}

static enum exit_code create_item(struct subscription *subscription, UA_UInt32 id,
				  struct watched *watched)
{
	UA_MonitoredItemCreateRequest request = UA_MonitoredItemCreateRequest_default(watched->id);
	UA_MonitoredItemCreateResult result;
	UA_StatusCode status;

	request.requestedParameters.samplingInterval = subscription->interval_ms;
	request.requestedParameters.queueSize = QUEUE;
	result = UA_Client_MonitoredItems_createDataChange(server_link_client(subscription->link),
							   id, UA_TIMESTAMPSTORETURN_BOTH, request,
							   watched, on_change, NULL);
	status = result.statusCode;
	UA_MonitoredItemCreateResult_clear(&result);
	if (status != UA_STATUSCODE_GOOD)
		return server_link_fail(subscription->link, status, "watching %s", watched->text);
	return EXIT_OK;
}

static enum exit_code create(struct subscription *subscription)
{
	UA_CreateSubscriptionRequest request = UA_CreateSubscriptionRequest_default();
	UA_CreateSubscriptionResponse response;
	enum exit_code code = EXIT_OK;

	request.requestedPublishingInterval = subscription->interval_ms;
	response = UA_Client_Subscriptions_create(server_link_client(subscription->link), request,
						  subscription, NULL, on_deleted);
	if (response.responseHeader.serviceResult != UA_STATUSCODE_GOOD)
		code = server_link_fail(subscription->link, response.responseHeader.serviceResult,
					"subscribing");
	subscription->is_there = code == EXIT_OK;
	for (size_t i = 0; code == EXIT_OK && !subscription->is_over && i < subscription->count;
	     i++)
		code = create_item(subscription, response.subscriptionId, &subscription->nodes[i]);
	UA_CreateSubscriptionResponse_clear(&response);
	return code;
}

static bool goes_on(const struct subscription *subscription)
{
	return !subscription->is_over && (!subscription->ends || now_ms() < subscription->ends);
}

static uint32_t turn_of(const struct subscription *subscription, uint32_t most)
{
	int64_t left = subscription->ends ? subscription->ends - now_ms() : most;

	return left < 0 ? 0 : left < most ? (uint32_t)left : most;
}

/* Signals come by the same loop. */
static void rest(struct subscription *subscription, uint32_t ms)
{
	UA_EventLoop *loop = UA_Client_getConfig(server_link_client(subscription->link))->eventLoop;
	int64_t until = now_ms() + ms;

	while (goes_on(subscription) && now_ms() < until)
		(void)loop->run(loop, turn_of(subscription, (uint32_t)(until - now_ms())));
}

/* Until it is there again, or will not be. */
static enum exit_code connect_again(struct subscription *subscription, UA_StatusCode why)
{
	unsigned failures = 0;
	bool later = true;

	program_note("note: the connection is lost (%s), and tried again", status_name(why));
	while (goes_on(subscription)) {
		if (server_link_reopen(subscription->link, &later)) {
			program_note(
				"note: connected again%s",
				subscription->is_there
					? ""
					: ", in a new session: changes in between are not known");
			return EXIT_OK;
		}
		if (!later)
			return EXIT_REFUSED;
		rest(subscription, backoff_ms(++failures, RETRY_LAST_MS));
	}
	return subscription->code;
}

static enum exit_code follow(struct subscription *subscription)
{
	UA_Client *client = server_link_client(subscription->link);
	enum exit_code code = create(subscription);

	while (code == EXIT_OK && goes_on(subscription)) {
		UA_StatusCode status =
			UA_Client_run_iterate(client, turn_of(subscription, TURN_MS));
		UA_SessionState session;

		if (status != UA_STATUSCODE_GOOD)
			code = connect_again(subscription, status);
		UA_Client_getState(client, NULL, &session, NULL);
		if (code == EXIT_OK && goes_on(subscription) && !subscription->is_there &&
		    session == UA_SESSIONSTATE_ACTIVATED)
			code = create(subscription);
	}
	return code == EXIT_OK ? subscription->code : code;
}

/* Ctrl-C and SIGTERM end it as --count does: the session is closed. */
static bool take_signals(struct subscription *subscription)
{
	static const int numbers[] = {SIGINT, SIGTERM};
	UA_EventLoop *loop = UA_Client_getConfig(server_link_client(subscription->link))->eventLoop;
	UA_InterruptManager *manager =
		UA_InterruptManager_new_POSIX((UA_String)UA_STRING_STATIC("signals"));

	if (!manager ||
	    loop->registerEventSource(loop, &manager->eventSource) != UA_STATUSCODE_GOOD)
		return false;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (manager->registerInterrupt(manager, (uintptr_t)numbers[i], &UA_KEYVALUEMAP_NULL,
					       on_signal, subscription) != UA_STATUSCODE_GOOD)
			return false;
	return true;
}

static enum exit_code take_options(const struct program *program, struct subscription *subscription)
{
	const char *interval = program_option(program, OPTION_INTERVAL);
	const char *count = program_option(program, OPTION_COUNT);
	const char *seconds = program_option(program, OPTION_SECONDS);
	uint32_t ms = 1000;

	if (interval && !option_read_seconds(interval, &ms))
		return program_fail(program, EXIT_USAGE,
				    "--interval %s: not a number of seconds from 0.001 to 86400",
				    interval);
	subscription->interval_ms = ms;
	if (count && !option_read_number(count, 1, UINT32_MAX, &subscription->changes_left))
		return program_fail(program, EXIT_USAGE, "--count %s: not a number from 1 on",
				    count);
	if (seconds && !option_read_seconds(seconds, &ms))
		return program_fail(program, EXIT_USAGE,
				    "--seconds %s: not a number of seconds from 0.001 to 86400",
				    seconds);
	if (seconds)
		subscription->ends = now_ms() + ms;
	return EXIT_OK;
}

static enum exit_code take_nodes(struct subscription *subscription)
{
	const struct program *program = subscription->program;
	enum exit_code code = EXIT_OK;

	for (size_t i = 0; code == EXIT_OK && i < program->word_count; i++) {
		subscription->nodes[i] =
			(struct watched){.of = subscription, .text = program->words[i]};
		code = node_id_read(program, subscription->link, program->words[i],
				    &subscription->nodes[i].id);
		subscription->count = i + 1;
	}
	return code;
}

static enum exit_code command_subscribe(struct program *program)
{
	struct subscription subscription = {.program = program, .changes_left = UINT64_MAX};
	enum exit_code code = take_options(program, &subscription);

	if (code == EXIT_OK)
		code = server_link_open(program, &subscription.link);
	if (code == EXIT_OK)
		code = take_nodes(&subscription);
	if (code == EXIT_OK && !take_signals(&subscription))
		code = program_no_memory(program);
	if (code == EXIT_OK)
		code = follow(&subscription);
	server_link_close(subscription.link);
	for (size_t i = 0; i < subscription.count; i++)
		UA_NodeId_clear(&subscription.nodes[i].id);
	return code;
}

const struct command commands_subscribe[] = {
	{
		.name = "subscribe",
		.words = "NODE...",
		.least = 1,
		.most = WORDS_MAX,
		.options = HAS_SERVER | HAS(INTERVAL) | HAS(COUNT) | HAS(SECONDS),
		.summary = "print values as they change",
		.help = "Each change is a line, with --json an object; the first ones are what the "
			"nodes\nhold now. It ends with Ctrl-C, or by --count or --seconds. After a "
			"lost\nconnection it goes on in the same session, or, where the server has "
			"forgotten\nthat, in a new one.",
		.run = command_subscribe,
	},
	{.name = NULL},
};
