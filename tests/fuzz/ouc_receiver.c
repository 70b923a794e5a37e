/* What a peer sends to TRCV_C: pieces, each with its length before it; 0 is the end. */
#include "fuzz.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "receiver.h"

/* Bool, String[5], Int. */
#define SIZE 12

struct peer {
	struct stream *stream;
	int fd;
	bool is_open;
	uint8_t all[1 << 16];
	size_t sent, taken; /* bytes of it */
};

static void on_opened(void *user)
{
	((struct peer *)user)->is_open = true;
}

static void on_ready(void *user)
{
	(void)user;
}

static void on_failed(const struct stream_failure *failure, void *user)
{
	(void)failure;
	(void)user;
	abort();
}

static void on_message(const uint8_t *bytes, void *user)
{
	struct peer *peer = user;

	fuzz_expect(peer->taken + SIZE <= peer->sent);
	fuzz_expect(memcmp(bytes, peer->all + peer->taken, SIZE) == 0);
	fuzz_expect(bytes[2] == 5 && bytes[3] <= 5);
	peer->taken += SIZE;
}

static void on_late(void *user)
{
	(void)user;
}

static struct data_block *block_new(void)
{
	static const char *const types[] = {"Bool", "String[5]", "Int"};
	struct data_block *block = data_block_new("Block");
	char problem[DATA_PROBLEM_MAX], name[] = "Var0";
	struct data_type type;

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		name[3]++;
		fuzz_expect(data_type_parse(types[i], &type, problem));
		fuzz_expect(data_block_add(block, name, &type, problem));
	}
	fuzz_expect(block->size == SIZE);
	return block;
}

/* Whether more may come. */
static bool read_all(struct receiver *receiver, struct peer *peer, uint8_t *scratch)
{
	char problem[RECEIVER_PROBLEM_MAX] = "";
	enum receiver_result result = receiver_read(receiver, peer->stream, scratch, problem);
	const uint8_t *next = peer->all + peer->taken;
	size_t rest = peer->sent - peer->taken;

	switch (result) {
	case RECEIVER_OK:
		fuzz_expect(rest < SIZE && receiver_is_within(receiver) == (rest > 0));
		return true;
	case RECEIVER_ENDED:
		fuzz_expect(rest == 0);
		return false;
	case RECEIVER_CUT:
		fuzz_expect(rest > 0 && rest < SIZE && *problem);
		return false;
	case RECEIVER_BAD:
		fuzz_expect(rest >= SIZE && (next[2] != 5 || next[3] > 5) && *problem);
		return false;
	case RECEIVER_BROKEN:
	case RECEIVER_NOMEM:
		break;
	}
	abort();
}

static void send_pieces(struct receiver *receiver, struct peer *peer, uint8_t *scratch,
			const uint8_t *bytes, size_t len)
{
	while (len) {
		size_t step = *bytes++;

		len--;
		step = step < len ? step : len;
		if (step)
			fuzz_expect(write(peer->fd, bytes, step) == (ssize_t)step);
		else
			shutdown(peer->fd, SHUT_WR);
		memcpy(peer->all + peer->sent, bytes, step);
		peer->sent += step;
		if (!read_all(receiver, peer, scratch) || !step)
			return;
		bytes += step;
		len -= step;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const struct stream_handler stream = {on_opened, on_ready, on_failed};
	static const struct receiver_handler handler = {on_message, on_late};
	struct peer *peer = calloc(1, sizeof(*peer));
	uint8_t *scratch = malloc(RECEIVER_SCRATCH);
	struct data_block *block = block_new();
	struct receiver *receiver;
	sd_event *event = NULL;
	int fds[2];

	fuzz_expect(peer && scratch && sd_event_new(&event) >= 0);
	fuzz_expect(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
	peer->fd = fds[1];
	peer->stream = stream_plain(event, fds[0], &stream, peer);
	receiver = receiver_new(event, block, 1000, &handler, peer);
	fuzz_expect(peer->stream && receiver);
	while (!peer->is_open)
		fuzz_expect(sd_event_run(event, 0) >= 0);
	if (len <= sizeof(peer->all))
		send_pieces(receiver, peer, scratch, bytes, len);
	receiver_free(receiver);
	stream_free(peer->stream);
	close(peer->fd);
	sd_event_unref(event);
	data_block_free(block);
	free(scratch);
	free(peer);
	return 0;
}
