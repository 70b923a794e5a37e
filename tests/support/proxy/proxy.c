#include "proxy.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "counts.h"
#include "faults.h"
#include "keys.h"
#include "pss.h"
#include "wire.h"

#define CONNECTIONS_MAX 64

enum role { ROLE_FREE, ROLE_DATA, ROLE_CHANNEL, ROLE_ORDERS };

struct connection {
	enum role role;
	int fd;
	int peer; /* ROLE_CHANNEL: swtpm's end */
	uint8_t buf[TPM_MESSAGE_MAX];
	size_t len;
};

/* The command that the TPM has, and then its response until it is due. */
struct current {
	bool is_active;
	struct connection *client; /* NULL: it left */
	int tpm;		   /* -1: the response is complete */
	uint64_t due_us;
	bool is_lost; /* close instead of answering */
	uint16_t pss_hash;
	uint8_t command[TPM_MESSAGE_MAX];
	size_t command_len;
	uint8_t response[TPM_MESSAGE_MAX];
	size_t response_len;
};

struct proxy {
	struct proxy_config config;
	int signals;
	int listeners[3]; /* in the order of the roles after ROLE_FREE */
	struct connection connections[CONNECTIONS_MAX];
	size_t turn;
	struct current current;
	struct faults faults;
	struct counts counts;
	struct key_table keys;
	bool is_ending;
};

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

struct proxy *proxy_new(const struct proxy_config *config)
{
	struct proxy *proxy = calloc(1, sizeof(*proxy));
	char channel[PATH_MAX];

	if (!proxy)
		return NULL;
	proxy->config = *config;
	proxy->current.tpm = -1;
	snprintf(channel, sizeof(channel), "%s.ctrl", config->listen);
	proxy->signals = open_signals();
	proxy->listeners[0] = wire_listen(config->listen);
	proxy->listeners[1] = wire_listen(channel);
	/* Last: who finds this socket finds the others. */
	proxy->listeners[2] = config->control ? wire_listen(config->control) : -1;
	if (proxy->signals < 0 || proxy->listeners[0] < 0 || proxy->listeners[1] < 0 ||
	    (config->control && proxy->listeners[2] < 0)) {
		proxy_free(proxy);
		return NULL;
	}
	return proxy;
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void connection_close(struct proxy *proxy, struct connection *connection)
{
	if (connection->role == ROLE_FREE)
		return;
	close_if_open(connection->fd);
	close_if_open(connection->peer);
	connection->role = ROLE_FREE;
	if (proxy->current.client == connection)
		proxy->current.client = NULL;
}

void proxy_free(struct proxy *proxy)
{
	if (!proxy)
		return;
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		connection_close(proxy, &proxy->connections[i]);
	for (size_t i = 0; i < 3; i++)
		close_if_open(proxy->listeners[i]);
	close_if_open(proxy->current.tpm);
	close_if_open(proxy->signals);
	free(proxy);
}

static struct connection *connection_new(struct proxy *proxy, int fd, enum role role)
{
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		struct connection *connection = &proxy->connections[i];

		if (connection->role != ROLE_FREE)
			continue;
		connection->role = role;
		connection->fd = fd;
		connection->peer = -1;
		connection->len = 0;
		return connection;
	}
	close(fd);
	return NULL;
}

static void accept_one(struct proxy *proxy, enum role role)
{
	int fd = accept4(proxy->listeners[role - 1], NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct connection *connection = fd < 0 ? NULL : connection_new(proxy, fd, role);
	char channel[PATH_MAX];

	if (!connection || role != ROLE_CHANNEL)
		return;
	snprintf(channel, sizeof(channel), "%s.ctrl", proxy->config.tpm);
	connection->peer = wire_connect(channel);
	if (connection->peer < 0)
		connection_close(proxy, connection);
}

/* Bytes from one descriptor to the other. False: one of them ended. */
static bool pump(int from, int to)
{
	uint8_t bytes[4096];
	ssize_t got = recv(from, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	return got > 0 && wire_send(to, bytes, (size_t)got);
}

static void write_counts(const struct proxy *proxy)
{
	if (proxy->config.counts && !counts_write(&proxy->counts, proxy->config.counts))
		fprintf(stderr, "tpm-proxy: %s: %s\n", proxy->config.counts, strerror(errno));
}

/* One order a line; each is answered by a line. */
static void obey(struct proxy *proxy, struct connection *connection)
{
	char *end;

	while ((end = memchr(connection->buf, '\n', connection->len))) {
		char *line = (char *)connection->buf, *answer = NULL;
		size_t used = (size_t)(end - line) + 1, answer_len = 0;
		FILE *out = open_memstream(&answer, &answer_len);

		*end = '\0';
		if (!out)
			return;
		if (!strcmp(line, "counts")) {
			counts_print(&proxy->counts, out);
		} else if (!strcmp(line, "zero")) {
			proxy->counts = (struct counts){0};
			fputs("ok\n", out);
		} else {
			const char *why = faults_order(&proxy->faults, line);

			fprintf(out, "%s%s\n", why ? "error: " : "ok", why ? why : "");
		}
		fclose(out);
		wire_send(connection->fd, (const uint8_t *)answer, answer_len);
		free(answer);
		connection->len -= used;
		memmove(connection->buf, connection->buf + used, connection->len);
	}
}

static void read_some(struct proxy *proxy, struct connection *connection)
{
	ssize_t got = recv(connection->fd, connection->buf + connection->len,
			   sizeof(connection->buf) - connection->len, 0);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		connection_close(proxy, connection);
		return;
	}
	connection->len += (size_t)got;
	if (connection->role == ROLE_ORDERS)
		obey(proxy, connection);
	/* A header that announces nonsense would never become a command. */
	if (connection->role == ROLE_DATA && connection->len >= TPM_HEADER &&
	    !message_length(connection->buf, connection->len))
		connection_close(proxy, connection);
}

/* What is known of the key that the command uses or makes. NULL: nothing. */
static const struct key_facts *facts_of(struct proxy *proxy, const struct current *current,
					struct key_facts *made)
{
	uint8_t ask[TPM_HEADER + 4], answer[TPM_MESSAGE_MAX];
	uint32_t handle = message_handle(current->command, current->command_len);
	const struct key_facts *known = key_table_get(&proxy->keys, handle);
	uint32_t code = message_code(current->command, current->command_len);
	size_t len;

	if (key_wanted(current->command, current->command_len, made))
		return made;
	if (known || (code != TPM_CC_Sign && code != TPM_CC_RSA_Decrypt))
		return known;
	len = wire_transact(proxy->config.tpm, ask, key_ask(handle, ask), answer);
	if (!key_answer(answer, len, made))
		return NULL;
	key_table_put(&proxy->keys, handle, made);
	return made;
}

static void finish(struct proxy *proxy)
{
	struct current *current = &proxy->current;
	struct connection *client = current->client;

	current->is_active = false;
	if (!client)
		return;
	if (current->is_lost || !current->response_len ||
	    !wire_send(client->fd, current->response, current->response_len))
		connection_close(proxy, client);
	current->client = NULL;
}

/* The TPM is dead: whatever its handles meant is over. */
static void tpm_failed(struct proxy *proxy)
{
	close_if_open(proxy->current.tpm);
	proxy->current.tpm = -1;
	proxy->current.response_len = 0;
	key_table_clear(&proxy->keys);
	finish(proxy);
}

static void begin(struct proxy *proxy, struct connection *client, size_t len)
{
	struct current *current = &proxy->current;
	uint32_t code = message_code(client->buf, len);
	enum fault fault = faults_next(&proxy->faults, code);
	const struct key_facts *facts = NULL;
	struct key_facts made;

	counts_add(&proxy->counts, code);
	memcpy(current->command, client->buf, len);
	current->command_len = len;
	client->len -= len;
	memmove(client->buf, client->buf + len, client->len);
	if (fault == FAULT_STALL)
		return;
	if (fault == FAULT_DROP) {
		connection_close(proxy, client);
		return;
	}

	current->is_active = true;
	current->client = client;
	current->is_lost = fault == FAULT_LOSE;
	current->response_len = 0;
	current->pss_hash = 0;
	current->due_us = now_us() + proxy->faults.delay_us;
	if (fault == FAULT_FAIL) {
		current->response_len = response_error(proxy->faults.rc, current->response);
		return;
	}
	if (proxy->config.chip || proxy->config.pss_salt_max)
		facts = facts_of(proxy, current, &made);
	if (proxy->config.chip)
		current->due_us += chip_latency_us(proxy->config.chip, code,
						   facts ? facts->type : KEY_UNKNOWN);
	if (proxy->config.pss_salt_max && facts &&
	    pss_is_sign(current->command, current->command_len))
		pss_command(facts, current->command, &current->command_len, &current->pss_hash);

	current->tpm = wire_connect(proxy->config.tpm);
	if (current->tpm < 0 || !wire_send(current->tpm, current->command, current->command_len))
		tpm_failed(proxy);
}

static void read_response(struct proxy *proxy)
{
	struct current *current = &proxy->current;
	ssize_t got = recv(current->tpm, current->response + current->response_len,
			   sizeof(current->response) - current->response_len, MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		tpm_failed(proxy);
		return;
	}
	current->response_len += (size_t)got;
	if (message_length(current->response, current->response_len) != current->response_len)
		return;
	close(current->tpm);
	current->tpm = -1;
	key_table_follow(&proxy->keys, current->command, current->command_len, current->response,
			 current->response_len);
	if (current->pss_hash)
		pss_response(current->response, &current->response_len, current->pss_hash);
}

/* Starts commands and lets answers go, as far as that is possible now. */
static void advance(struct proxy *proxy)
{
	bool is_idle = false;

	while (!is_idle) {
		is_idle = true;
		if (proxy->current.is_active && proxy->current.tpm < 0 &&
		    now_us() >= proxy->current.due_us)
			finish(proxy);
		for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
			struct connection *connection =
				&proxy->connections[(proxy->turn + i) % CONNECTIONS_MAX];
			size_t len = 0;

			if (proxy->current.is_active || proxy->faults.is_stopped)
				break;
			if (connection->role == ROLE_DATA)
				len = message_length(connection->buf, connection->len);
			if (!len || len > connection->len)
				continue;
			proxy->turn = (proxy->turn + i + 1) % CONNECTIONS_MAX;
			begin(proxy, connection, len);
			is_idle = false;
			break;
		}
	}
}

static void take_signals(struct proxy *proxy)
{
	struct signalfd_siginfo info;

	while (read(proxy->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGUSR1)
			write_counts(proxy);
		else
			proxy->is_ending = true;
	}
}

/* How long to wait; NULL: until something comes. */
static const struct timespec *patience(const struct proxy *proxy, struct timespec *wait)
{
	const struct current *current = &proxy->current;
	uint64_t now = now_us(), left;

	if (!current->is_active || current->tpm >= 0)
		return NULL;
	left = current->due_us > now ? current->due_us - now : 0;
	wait->tv_sec = (time_t)(left / 1000000);
	wait->tv_nsec = (long)(left % 1000000) * 1000;
	return wait;
}

static bool turn(struct proxy *proxy)
{
	enum { FIXED = 5 };
	struct pollfd fds[FIXED + 2 * CONNECTIONS_MAX];
	struct timespec wait;

	fds[0] = (struct pollfd){.fd = proxy->signals, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = proxy->current.tpm, .events = POLLIN};
	for (size_t i = 0; i < 3; i++)
		fds[2 + i] = (struct pollfd){.fd = proxy->listeners[i], .events = POLLIN};
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		const struct connection *connection = &proxy->connections[i];
		bool is_open = connection->role != ROLE_FREE;
		bool has_room = connection->len < sizeof(connection->buf);

		fds[FIXED + 2 * i] = (struct pollfd){
			.fd = is_open && has_room ? connection->fd : -1, .events = POLLIN};
		fds[FIXED + 2 * i + 1] =
			(struct pollfd){.fd = is_open ? connection->peer : -1, .events = POLLIN};
	}
	if (ppoll(fds, FIXED + 2 * CONNECTIONS_MAX, patience(proxy, &wait), NULL) < 0)
		return errno == EINTR;

	if (fds[0].revents)
		take_signals(proxy);
	if (fds[1].revents)
		read_response(proxy);
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		struct connection *connection = &proxy->connections[i];
		bool is_ready = fds[FIXED + 2 * i].revents;

		if (connection->role == ROLE_CHANNEL) {
			if ((is_ready && !pump(connection->fd, connection->peer)) ||
			    (fds[FIXED + 2 * i + 1].revents &&
			     !pump(connection->peer, connection->fd)))
				connection_close(proxy, connection);
		} else if (is_ready && connection->role != ROLE_FREE) {
			read_some(proxy, connection);
		}
	}
	for (enum role role = ROLE_DATA; role <= ROLE_ORDERS; role++) {
		if (fds[2 + role - ROLE_DATA].revents)
			accept_one(proxy, role);
	}
	advance(proxy);
	return true;
}

bool proxy_run(struct proxy *proxy)
{
	while (!proxy->is_ending) {
		if (!turn(proxy))
			return false;
	}
	write_counts(proxy);
	return true;
}
