/*
 * Clients of an OPC UA server, which open62541's own are: processes that read, subscribe and log in.
 *
 *     bench-opcua-load WHAT PORT PID POLICY USER PASSWORD CERT KEY URI SECONDS NUMBER [LOGINS]
 *
 * WHAT is reads (NUMBER sessions), items (NUMBER sessions of 100 items), logins (NUMBER at a time),
 * delay (one session, beside LOGINS that log in). Says on one line what came of it.
 */
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <open62541/client_config_default.h>
#include <open62541/client_highlevel.h>
#include <open62541/client_subscriptions.h>
#include <open62541/plugin/log_stdout.h>
#include <open62541/plugin/pki_default.h>

#include "opcua_client.h"
#include "rows.h"

enum { PROCESSES_MAX = 64, ITEMS = 100, INTERVAL_MS = 100, PERIOD_MS = 3, DELAYS_MAX = 100000 };

#define POLICY_URI "http://opcfoundation.org/UA/SecurityPolicy#"

struct load {
	char **argv;
	char url[64];
	pid_t server;
	UA_ByteString cert, key;
	double seconds;
	unsigned number, logins;
	struct shared *shared;
};

/* By all processes of a load. */
struct shared {
	unsigned ready;
	bool goes, ends;
	struct {
		unsigned long done, failed;
	} by[PROCESSES_MAX];
};

enum argument {
	WHAT = 1,
	PORT,
	PID,
	POLICY,
	USER,
	PASSWORD,
	CERT,
	KEY,
	URI,
	SECONDS,
	NUMBER,
	LOGINS
};

static UA_NodeId clock_node(void)
{
	return UA_NODEID_NUMERIC(0, UA_NS0ID_SERVER_SERVERSTATUS_CURRENTTIME);
}

static UA_Client *client_new(const struct load *load, UA_EventLoop *el)
{
	const bool is_none = strcmp(load->argv[POLICY], "None") == 0;
	UA_ClientConfig config = {.logging = UA_Log_Stdout_new(UA_LOGLEVEL_FATAL),
				  .eventLoop = el,
				  .externalEventLoop = el != NULL};
	char uri[128];

	opcua_check(UA_ClientConfig_setDefaultEncryption(&config, load->cert, load->key, NULL, 0,
							 NULL, 0),
		    "the client's configuration");
	config.certificateVerification.clear(&config.certificateVerification);
	UA_CertificateVerification_AcceptAll(&config.certificateVerification);
	UA_String_clear(&config.clientDescription.applicationUri);
	config.clientDescription.applicationUri = UA_STRING_ALLOC(load->argv[URI]);
	snprintf(uri, sizeof(uri), POLICY_URI "%s", load->argv[POLICY]);
	config.securityPolicyUri = UA_STRING_ALLOC(uri);
	config.securityMode =
		is_none ? UA_MESSAGESECURITYMODE_NONE : UA_MESSAGESECURITYMODE_SIGNANDENCRYPT;
	config.timeout = 60000;
	return UA_Client_newWithConfig(&config);
}

/* NULL: not let in. */
static UA_Client *log_in(const struct load *load, UA_EventLoop *el)
{
	UA_Client *client = client_new(load, el);
	UA_StatusCode status = UA_Client_connectUsername(client, load->url, load->argv[USER],
							 load->argv[PASSWORD]);

	/* What it connects by first only tells it of endpoints. */
	UA_Client_getConfig(client)->noReconnect = true;
	if (!status)
		return client;
	fprintf(stderr, "login: %s\n", UA_StatusCode_name(status));
	UA_Client_delete(client);
	return NULL;
}

static UA_Client *log_in_or_die(const struct load *load, UA_EventLoop *el)
{
	UA_Client *client = log_in(load, el);

	if (!client)
		exit(1);
	return client;
}

static void log_out(UA_Client *client)
{
	(void)UA_Client_disconnect(client);
	UA_Client_delete(client);
}

static bool read_clock(UA_Client *client)
{
	UA_Variant value;
	UA_StatusCode status = UA_Client_readValueAttribute(client, clock_node(), &value);

	UA_Variant_clear(&value);
	return !status;
}

/* Of many */

static void until(const bool *is_so)
{
	while (!__atomic_load_n(is_so, __ATOMIC_ACQUIRE))
		usleep(1000);
}

static void ready(struct load *load)
{
	(void)__atomic_add_fetch(&load->shared->ready, 1, __ATOMIC_ACQ_REL);
	until(&load->shared->goes);
}

static bool goes_on(const struct load *load)
{
	return !__atomic_load_n(&load->shared->ends, __ATOMIC_ACQUIRE);
}

static void reads(struct load *load, unsigned which)
{
	UA_Client *client = log_in_or_die(load, NULL);

	ready(load);
	while (goes_on(load))
		if (read_clock(client))
			load->shared->by[which].done++;
		else
			load->shared->by[which].failed++;
	log_out(client);
}

static void logins(struct load *load, unsigned which)
{
	UA_Client *client;

	ready(load);
	while (goes_on(load)) {
		client = log_in(load, NULL);
		/* What ends later does not count as done by then. */
		if (client && goes_on(load))
			load->shared->by[which].done++;
		else if (!client)
			load->shared->by[which].failed++;
		if (client)
			log_out(client);
	}
}

static void start(struct load *load, unsigned count, void (*run)(struct load *load, unsigned which),
		  pid_t *pids)
{
	for (unsigned i = 0; i < count; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			exit(1);
		if (!pids[i]) {
			run(load, i);
			_exit(0);
		}
	}
	while (__atomic_load_n(&load->shared->ready, __ATOMIC_ACQUIRE) < count) {
		int status;

		if (waitpid(-1, &status, WNOHANG) > 0)
			exit(1); /* before it was ready: it has said why */
		usleep(1000);
	}
}

static void finish(struct load *load, unsigned count, const pid_t *pids)
{
	__atomic_store_n(&load->shared->ends, true, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < count; i++)
		(void)waitpid(pids[i], NULL, 0);
}

/* "DONE FAILED SECONDS CPU" */
static void many(struct load *load, void (*run)(struct load *load, unsigned which))
{
	unsigned long done = 0, failed = 0;
	pid_t pids[PROCESSES_MAX];
	double before, began;

	start(load, load->number, run, pids);
	before = cpu_seconds(load->server);
	began = seconds_now();
	__atomic_store_n(&load->shared->goes, true, __ATOMIC_RELEASE);
	sleep_until(began + load->seconds);
	for (unsigned i = 0; i < load->number; i++) {
		done += load->shared->by[i].done;
		failed += load->shared->by[i].failed;
	}
	printf("%lu %lu %.6f %.6f\n", done, failed, seconds_now() - began,
	       cpu_seconds(load->server) - before);
	finish(load, load->number, pids);
}

/* One, beside others that log in */

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* "READS FAILED P50_MS P99_MS LOGINS FAILED_LOGINS" */
static void delay(struct load *load)
{
	double *delays = calloc(DELAYS_MAX, sizeof(*delays)), next, end;
	unsigned long done = 0, failed = 0, count = 0, missed = 0;
	UA_Client *client = log_in_or_die(load, NULL);
	pid_t pids[PROCESSES_MAX];

	start(load, load->logins, logins, pids);
	__atomic_store_n(&load->shared->goes, true, __ATOMIC_RELEASE);
	next = seconds_now();
	end = next + load->seconds;
	/* From when it was due: a server that was away for long is not let off the rest. */
	for (; next < end && count < DELAYS_MAX; next += PERIOD_MS / 1e3) {
		sleep_until(next);
		if (read_clock(client))
			delays[count++] = (seconds_now() - next) * 1e3;
		else
			missed++;
	}
	for (unsigned i = 0; i < load->logins; i++) {
		done += load->shared->by[i].done;
		failed += load->shared->by[i].failed;
	}
	qsort(delays, count, sizeof(*delays), compare);
	printf("%lu %lu %.3f %.3f %lu %lu\n", count, missed, count ? delays[count / 2] : 0,
	       count ? delays[count * 99 / 100] : 0, done, failed);
	fflush(stdout);
	finish(load, load->logins, pids);
	log_out(client);
	free(delays);
}

/* Subscriptions */

static void on_value(UA_Client *client, UA_UInt32 subscription, void *subscription_context,
		     UA_UInt32 item, void *item_context, UA_DataValue *value)
{
	unsigned long *count = subscription_context;

	(void)client;
	(void)subscription;
	(void)item;
	(void)item_context;
	(void)value;
	(*count)++;
}

static void subscribe(UA_Client *client, unsigned long *count)
{
	UA_CreateSubscriptionRequest request = UA_CreateSubscriptionRequest_default();
	UA_CreateSubscriptionResponse response;
	UA_MonitoredItemCreateRequest items[ITEMS];
	UA_Client_DataChangeNotificationCallback callbacks[ITEMS];
	UA_CreateMonitoredItemsRequest create;
	UA_CreateMonitoredItemsResponse created;

	request.requestedPublishingInterval = INTERVAL_MS;
	response = UA_Client_Subscriptions_create(client, request, count, NULL, NULL);
	opcua_check(response.responseHeader.serviceResult, "subscription");
	for (int i = 0; i < ITEMS; i++) {
		items[i] = UA_MonitoredItemCreateRequest_default(clock_node());
		items[i].requestedParameters.samplingInterval = INTERVAL_MS;
		callbacks[i] = on_value;
	}
	UA_CreateMonitoredItemsRequest_init(&create);
	create.subscriptionId = response.subscriptionId;
	create.timestampsToReturn = UA_TIMESTAMPSTORETURN_BOTH;
	create.itemsToCreate = items;
	create.itemsToCreateSize = ITEMS;
	created = UA_Client_MonitoredItems_createDataChanges(client, create, NULL, callbacks, NULL);
	opcua_check(created.responseHeader.serviceResult, "monitored items");
	for (size_t i = 0; i < created.resultsSize; i++)
		opcua_check(created.results[i].statusCode, "a monitored item");
	UA_CreateMonitoredItemsResponse_clear(&created);
	UA_CreateSubscriptionResponse_clear(&response);
}

static void run_for(UA_EventLoop *el, double seconds)
{
	double end = seconds_now() + seconds;

	while (seconds_now() < end)
		(void)el->run(el, 10);
}

/* "NOTIFICATIONS 0 SECONDS CPU" */
static void items(struct load *load)
{
	UA_EventLoop *el = UA_EventLoop_new_POSIX(UA_Log_Stdout_new(UA_LOGLEVEL_FATAL));
	UA_ConnectionManager *tcp = UA_ConnectionManager_new_POSIX_TCP(
		UA_STRING((char *)(uintptr_t) "tcp connection manager"));
	UA_Client **clients = calloc(load->number, sizeof(*clients));
	unsigned long count = 0;
	double before, began;

	opcua_check(el->registerEventSource(el, &tcp->eventSource), "event source");
	opcua_check(el->start(el), "event loop");
	for (unsigned i = 0; i < load->number; i++) {
		clients[i] = log_in_or_die(load, el);
		subscribe(clients[i], &count);
	}
	run_for(el, 1);
	count = 0;
	before = cpu_seconds(load->server);
	began = seconds_now();
	run_for(el, load->seconds);
	printf("%lu 0 %.6f %.6f\n", count, seconds_now() - began,
	       cpu_seconds(load->server) - before);
	fflush(stdout);
	/* Or the server keeps all of it until the sessions time out, and the next round has no room. */
	for (unsigned i = 0; i < load->number; i++)
		(void)UA_Client_disconnect(clients[i]);
	_exit(0);
}

int main(int argc, char **argv)
{
	struct load load = {.argv = argv};

	if (argc != LOGINS && argc != LOGINS + 1) {
		fputs("usage: bench-opcua-load WHAT PORT PID POLICY USER PASSWORD CERT KEY URI "
		      "SECONDS NUMBER [LOGINS]\n",
		      stderr);
		return 2;
	}
	snprintf(load.url, sizeof(load.url), "opc.tcp://localhost:%s", argv[PORT]);
	load.server = (pid_t)atoi(argv[PID]);
	load.cert = opcua_read_file(argv[CERT]);
	load.key = opcua_read_file(argv[KEY]);
	load.seconds = atof(argv[SECONDS]);
	load.number = (unsigned)atoi(argv[NUMBER]);
	load.logins = argc > LOGINS ? (unsigned)atoi(argv[LOGINS]) : 0;
	load.shared = mmap(NULL, sizeof(*load.shared), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (load.shared == MAP_FAILED || load.logins > PROCESSES_MAX)
		return 1;
	if (strcmp(argv[WHAT], "items") == 0)
		items(&load);
	else if (load.number > PROCESSES_MAX)
		return 1;
	else if (strcmp(argv[WHAT], "reads") == 0)
		many(&load, reads);
	else if (strcmp(argv[WHAT], "logins") == 0)
		many(&load, logins);
	else if (strcmp(argv[WHAT], "delay") == 0)
		delay(&load);
	else
		return 2;
	return 0;
}
