#include "link.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "retry.h"

#define IN_FLIGHT_MAX 32   /* keeps any TPM busy, and leaves room for the user's other processes */
#define KNOWN_MAX     64   /* keys seen to be the right ones on this connection */
#define GRACE_MS      1000 /* beyond it, for a service that does not answer at all */

#define MESSAGE_DEADLINE                                                                           \
	"keystored did not get to it in time (timeout, in the provider's section of "              \
	"openssl.cnf): see keystorectl status"
#define MESSAGE_END "the program ends"

/* A call and where it stands. On one of the lists, or in flight. */
struct task {
	struct task *next;
	struct link *link;
	struct call *call;
	struct retry retry;
	int64_t due;	 /* not to be started before */
	bool is_showing; /* in flight: asks for the key, to see whether it is the right one */
};

struct task_list {
	struct task *first;
	struct task **end;
};

/* What identifies a socket over the reuse of its number. */
struct inherited {
	int fd;
	dev_t device;
	ino_t inode;
};

/* A key that was seen to be the right one. */
struct known {
	char key[CALL_KEY_MAX];
	uint8_t fingerprint[32];
};

struct link {
	pid_t process;
	char *socket_path;
	uint32_t timeout_ms;
	int wake_fd;

	pthread_mutex_t lock;
	pthread_t thread;
	bool has_thread;
	bool is_threadless; /* it could not be started: for good */
	bool is_stopped;
	struct task_list submitted;

	/* The thread's; without one, of who has the turn: */
	pthread_mutex_t turn;
	struct ks_client *client;
	struct inherited connection; /* for children of fork() */
	struct task_list waiting;
	struct task *in_flight; /* linked by next */
	unsigned in_flight_count;
	int64_t lost_at; /* when the last connection ended; 0: there was none */
	struct known known[KNOWN_MAX];
	unsigned known_count;
	unsigned known_next;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void list_init(struct task_list *list)
{
	list->first = NULL;
	list->end = &list->first;
}

static void list_append(struct task_list *list, struct task *task)
{
	task->next = NULL;
	*list->end = task;
	list->end = &task->next;
}

struct link *link_new(const char *socket_path, uint32_t timeout_ms)
{
	struct link *link = calloc(1, sizeof(*link));

	if (!link)
		return NULL;
	link->process = getpid();
	link->timeout_ms = timeout_ms;
	link->connection.fd = -1;
	list_init(&link->submitted);
	list_init(&link->waiting);
	link->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	link->socket_path = socket_path ? strdup(socket_path) : NULL;
	if (link->wake_fd >= 0 && (link->socket_path || !socket_path) &&
	    pthread_mutex_init(&link->lock, NULL) == 0 &&
	    pthread_mutex_init(&link->turn, NULL) == 0)
		return link;
	if (link->wake_fd >= 0)
		close(link->wake_fd);
	free(link->socket_path);
	free(link);
	return NULL;
}

pid_t link_process(const struct link *link)
{
	return link->process;
}

static void wake(const struct link *link)
{
	const uint64_t one = 1;

	/* It can only fail when the thread is about to look anyway. */
	if (write(link->wake_fd, &one, sizeof(one)) < 0)
		return;
}

static void task_free(struct task *task)
{
	call_drop(task->call);
	free(task);
}

static void task_fail(struct task *task, enum ks_status status, const char *message)
{
	call_fail(task->call, status, message);
	task_free(task);
}

/* --- the thread --- */

/* Tries again later what is worth it, and fails the rest. */
static void task_trouble(struct task *task, enum ks_status status, const char *message)
{
	struct link *link = task->link;
	int64_t now = now_ms();

	if (now >= task->retry.deadline)
		task_fail(task, KS_DEADLINE, MESSAGE_DEADLINE);
	else if (retry_after(&task->retry, status, now, link->lost_at, &task->due))
		list_append(&link->waiting, task);
	else
		task_fail(task, status, message);
}

static bool is_known(const struct link *link, const struct call_request *request)
{
	for (unsigned i = 0; i < link->known_count; i++)
		if (strcmp(link->known[i].key, request->key) == 0 &&
		    memcmp(link->known[i].fingerprint, request->fingerprint, 32) == 0)
			return true;
	return false;
}

static void remember(struct link *link, const struct call_request *request)
{
	struct known *known = &link->known[link->known_next];

	memcpy(known->key, request->key, sizeof(known->key));
	memcpy(known->fingerprint, request->fingerprint, sizeof(known->fingerprint));
	link->known_next = (link->known_next + 1) % KNOWN_MAX;
	if (link->known_count < KNOWN_MAX)
		link->known_count++;
}

static void take_off_flight(struct task *task)
{
	struct task **at = &task->link->in_flight;

	while (*at != task)
		at = &(*at)->next;
	*at = task->next;
	task->link->in_flight_count--;
}

static void finish(struct task *task, const struct ks_result *result)
{
	const struct ks_key *key = result->key_count ? &result->keys[0] : NULL;
	const uint8_t *data = key ? key->public_key : result->data;
	size_t len = key ? key->public_key_len : result->data_len;
	struct call_answer answer;

	if (len > sizeof(answer.data)) {
		task_fail(task, KS_PROTOCOL, "keystored's answer is longer than any key has");
		return;
	}
	answer.status = KS_OK;
	answer.message[0] = '\0';
	if (len)
		memcpy(answer.data, data, len);
	answer.data_len = len;
	answer.key_id = key ? key->id : 0;
	snprintf(answer.key_name, sizeof(answer.key_name), "%s", key ? key->name : "");
	call_finish(task->call, &answer);
	explicit_bzero(&answer, sizeof(answer));
	task_free(task);
}

/* The key that is there now: the one that the program's reference was written for? */
static void compare(struct task *task, const struct ks_key *key)
{
	const struct call_request *request = call_request(task->call);
	char message[CALL_MESSAGE_MAX];

	if (key->fingerprint && memcmp(key->fingerprint, request->fingerprint, 32) == 0) {
		remember(task->link, request);
		list_append(&task->link->waiting, task);
		return;
	}
	snprintf(message, sizeof(message),
		 "key %s of keystored (\"%s\") is not the one that the reference was written for, "
		 "on another device or before a reset: write it again with keystorectl key "
		 "export --reference",
		 request->key, key->name);
	task_fail(task, KS_CONFLICT, message);
}

static void on_answer(const struct ks_result *result, void *user)
{
	struct task *task = user;
	bool was_showing = task->is_showing;

	take_off_flight(task);
	task->is_showing = false;
	if (result->status != KS_OK)
		task_trouble(task, result->status, result->message);
	else if (was_showing && call_request(task->call)->kind != CALL_SHOW)
		compare(task, &result->keys[0]);
	else
		finish(task, result);
}

static enum ks_status send_request(struct task *task)
{
	const struct call_request *request = call_request(task->call);
	struct ks_client *client = task->link->client;

	task->is_showing = request->kind == CALL_SHOW || !is_known(task->link, request);
	if (task->is_showing)
		return ks_key_show_start(client, request->key, on_answer, task);
	if (request->kind == CALL_SIGN)
		return ks_sign_start(client, request->key, request->hash, request->padding,
				     request->input, request->input_len, on_answer, task);
	return ks_decrypt_start(client, request->key, request->hash, request->input,
				request->input_len, on_answer, task);
}

static void start_one(struct task *task)
{
	struct link *link = task->link;
	int64_t left = task->retry.deadline - now_ms();
	enum ks_status status;

	if (left <= 0) {
		task_fail(task, KS_DEADLINE, MESSAGE_DEADLINE);
		return;
	}
	ks_set_options(link->client, &(struct ks_options){.deadline_ms = (uint32_t)left});
	/* Before it is sent: the answer to a request that cannot be sent may come at once. */
	task->next = link->in_flight;
	link->in_flight = task;
	link->in_flight_count++;
	status = send_request(task);
	if (status == KS_OK)
		return;
	take_off_flight(task);
	task_trouble(task, status, ks_status_name(status));
}

/* Children of fork() must know the socket from whatever has its number then. */
static void note_connection(struct link *link)
{
	struct stat stat;

	link->connection.fd = -1;
	if (link->client && fstat(ks_fd(link->client), &stat) == 0) {
		link->connection.device = stat.st_dev;
		link->connection.inode = stat.st_ino;
		link->connection.fd = ks_fd(link->client);
	}
}

static bool connect_now(struct link *link)
{
	if (ks_connect(link->socket_path, &link->client) != KS_OK)
		return false;
	link->known_count = 0;
	link->known_next = 0;
	note_connection(link);
	return true;
}

static void disconnect(struct link *link)
{
	struct ks_client *client = link->client;

	if (!client)
		return;
	link->lost_at = now_ms();
	link->connection.fd = -1;
	link->client = NULL;
	ks_close(client);
}

static void fail_to_connect(struct link *link, struct task_list *due)
{
	char message[CALL_MESSAGE_MAX];
	int error = errno;
	struct task *next;

	ks_connect_message(link->socket_path, error, message, sizeof(message));
	for (struct task *task = due->first; task; task = next) {
		next = task->next;
		task_trouble(task, KS_UNREACHABLE, message);
	}
}

/* Takes what is due out of what waits, as far as there is room in flight. */
static void take_due(struct link *link, struct task_list *ret_due)
{
	struct task_list waiting = link->waiting;
	unsigned room = IN_FLIGHT_MAX - link->in_flight_count;
	int64_t now = now_ms();
	struct task *next;

	list_init(ret_due);
	list_init(&link->waiting);
	for (struct task *task = waiting.first; task; task = next) {
		bool is_taken = room > 0 && task->due <= now;

		next = task->next;
		room -= is_taken;
		list_append(is_taken ? ret_due : &link->waiting, task);
	}
}

static void start_due(struct link *link)
{
	struct task_list due;
	struct task *next;

	take_due(link, &due);
	if (!due.first)
		return;
	if (!link->client && !connect_now(link)) {
		fail_to_connect(link, &due);
		return;
	}
	for (struct task *task = due.first; task; task = next) {
		next = task->next;
		start_one(task);
	}
}

/* False: the thread is to end. */
static bool take_submitted(struct link *link)
{
	struct task *first;
	struct task *next;
	bool is_stopped;

	pthread_mutex_lock(&link->lock);
	first = link->submitted.first;
	list_init(&link->submitted);
	is_stopped = link->is_stopped;
	pthread_mutex_unlock(&link->lock);
	for (struct task *task = first; task; task = next) {
		next = task->next;
		list_append(&link->waiting, task);
	}
	return !is_stopped;
}

/* When something has to be done though nothing happens; -1: never. */
static int time_to_wait(const struct link *link)
{
	int64_t now = now_ms();
	int64_t at = INT64_MAX;

	if (link->in_flight_count < IN_FLIGHT_MAX)
		for (const struct task *task = link->waiting.first; task; task = task->next)
			at = task->due < at ? task->due : at;
	for (const struct task *task = link->in_flight; task; task = task->next)
		at = task->retry.deadline + GRACE_MS < at ? task->retry.deadline + GRACE_MS : at;
	if (at == INT64_MAX)
		return -1;
	return at > now ? (int)(at - now) : 0;
}

static bool is_overdue(const struct link *link)
{
	int64_t now = now_ms();

	for (const struct task *task = link->in_flight; task; task = task->next)
		if (now >= task->retry.deadline + GRACE_MS)
			return true;
	return false;
}

static void wait_for_events(struct link *link)
{
	struct pollfd ready[2] = {
		{.fd = link->wake_fd, .events = POLLIN},
		{.fd = link->client ? ks_fd(link->client) : -1,
		 .events = link->client ? ks_events(link->client) : 0},
	};
	uint64_t count;

	if (poll(ready, 2, time_to_wait(link)) < 0)
		return;
	if (ready[0].revents && read(link->wake_fd, &count, sizeof(count)) < 0)
		return;
	if ((ready[1].revents && ks_process(link->client) != KS_OK) || is_overdue(link))
		disconnect(link);
}

static void fail_all(struct task_list *list)
{
	struct task *next;

	for (struct task *task = list->first; task; task = next) {
		next = task->next;
		task_fail(task, KS_DISCONNECTED, MESSAGE_END);
	}
	list_init(list);
}

static void *run(void *user)
{
	struct link *link = user;

	while (take_submitted(link)) {
		start_due(link);
		wait_for_events(link);
	}
	/* What is in flight comes back to what waits. */
	disconnect(link);
	fail_all(&link->waiting);
	return NULL;
}

/* --- the other threads --- */

/* The program's signals are for its own threads. */
static bool start_thread(struct link *link)
{
	sigset_t all;
	sigset_t before;
	bool is_started;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	is_started = pthread_create(&link->thread, NULL, run, link) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (is_started)
		pthread_setname_np(link->thread, "keystore");
	return is_started;
}

static struct task *task_new(struct link *link, struct call *call)
{
	struct task *task = calloc(1, sizeof(*task));

	if (!task)
		return NULL;
	task->link = link;
	task->call = call_share(call);
	task->retry.deadline = now_ms() + link->timeout_ms;
	return task;
}

/*
 * Where a thread cannot be started, those who wait for a call take turns at being it: HAProxy
 * forbids itself new processes, and that counts threads too.
 */
static void run_until_done(struct link *link, const struct call *call)
{
	pthread_mutex_lock(&link->turn);
	while (!call_is_done(call)) {
		take_submitted(link);
		start_due(link);
		if (!call_is_done(call))
			wait_for_events(link);
	}
	pthread_mutex_unlock(&link->turn);
}

void link_submit(struct link *link, struct call *call)
{
	struct task *task = task_new(link, call);
	bool is_taken;
	bool has_thread;

	if (!task) {
		call_fail(call, KS_NOMEM, "out of memory");
		return;
	}
	pthread_mutex_lock(&link->lock);
	is_taken = !link->is_stopped;
	if (is_taken && !link->has_thread && !link->is_threadless) {
		link->has_thread = start_thread(link);
		link->is_threadless = !link->has_thread;
	}
	has_thread = link->has_thread;
	if (is_taken)
		list_append(&link->submitted, task);
	pthread_mutex_unlock(&link->lock);
	if (!is_taken)
		task_fail(task, KS_DISCONNECTED, MESSAGE_END);
	else if (has_thread)
		wake(link);
	else
		run_until_done(link, call);
}

void link_free(struct link *link)
{
	if (!link)
		return;
	pthread_mutex_lock(&link->lock);
	link->is_stopped = true;
	pthread_mutex_unlock(&link->lock);
	if (link->has_thread) {
		wake(link);
		pthread_join(link->thread, NULL);
	} else {
		disconnect(link);
	}
	/* Submitted after the thread's last look. */
	fail_all(&link->submitted);
	close(link->wake_fd);
	pthread_mutex_destroy(&link->turn);
	pthread_mutex_destroy(&link->lock);
	free(link->socket_path);
	free(link);
}

void link_abandon(struct link *link)
{
	struct stat stat;

	close(link->wake_fd);
	if (link->connection.fd >= 0 && fstat(link->connection.fd, &stat) == 0 &&
	    stat.st_dev == link->connection.device && stat.st_ino == link->connection.inode)
		close(link->connection.fd);
	/* The rest stays as it was: its lock may be held, its lists half linked. */
}
