#include "receiver.h"

#include "world.h"

static struct receiver *receiver;
static struct stream *stream;
static int peer;
static bool is_open, is_ready, is_late;
static unsigned messages;
static uint8_t last[258];
static char problem[RECEIVER_PROBLEM_MAX];

static void on_opened(void *user)
{
	(void)user;
	is_open = true;
	stream_wants(stream, STREAM_READ);
}

static void on_ready(void *user)
{
	(void)user;
	is_ready = true;
}

static void on_failed(const struct stream_failure *failure, void *user)
{
	(void)failure;
	(void)user;
	is_ready = true;
}

static void on_message(const uint8_t *bytes, void *user)
{
	(void)user;
	messages++;
	memcpy(last, bytes, sizeof(last));
}

static void on_late(void *user)
{
	(void)user;
	is_late = true;
}

static void receiver_with(uint32_t late_ms)
{
	static const struct receiver_handler handler = {on_message, on_late};

	receiver = receiver_new(loop, receive_block, late_ms, &handler, NULL);
	cr_assert_not_null(receiver);
}

static void set_up(void)
{
	static const struct stream_handler handler = {on_opened, on_ready, on_failed};
	int fds[2];

	world_up();
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	peer = fds[1];
	stream = stream_plain(loop, fds[0], &handler, NULL);
	loop_until(&is_open);
}

static void tear_down(void)
{
	receiver_free(receiver);
	stream_free(stream);
	if (peer >= 0)
		close(peer);
	world_down();
}

static void write_peer(const void *bytes, size_t len)
{
	cr_assert_eq(write(peer, bytes, len), (ssize_t)len);
}

static enum receiver_result read_once(void)
{
	is_ready = false;
	loop_until(&is_ready);
	return receiver_read(receiver, stream, world.scratch, problem);
}

TestSuite(receiver, .init = set_up, .fini = tear_down, .timeout = 60);

Test(receiver, takes_a_message)
{
	uint8_t bytes[258];

	receiver_with(5000);
	message_make(bytes, "Hello World!");
	write_peer(bytes, sizeof(bytes));
	cr_assert_eq(read_once(), RECEIVER_OK);
	cr_assert_eq(messages, 1);
	cr_assert_eq(memcmp(last, bytes, sizeof(bytes)), 0);
	cr_assert(!receiver_is_within(receiver));
}

Test(receiver, puts_messages_together_wherever_they_are_cut)
{
	uint8_t bytes[3 * 258];

	receiver_with(60000);
	for (size_t i = 0; i < 3; i++)
		message_make(bytes + i * 258, i == 2 ? "last" : "first");
	for (size_t step = 1; step < sizeof(bytes); step += 37) {
		messages = 0;
		for (size_t done = 0; done < sizeof(bytes); done += step) {
			size_t len = sizeof(bytes) - done < step ? sizeof(bytes) - done : step;

			write_peer(bytes + done, len);
			cr_assert_eq(read_once(), RECEIVER_OK);
			cr_assert_eq(receiver_is_within(receiver), (done + len) % 258 != 0);
		}
		cr_assert_eq(messages, 3);
		cr_assert_eq(memcmp(last, bytes + 2 * 258, 258), 0);
	}
}

Test(receiver, tells_an_end_between_messages)
{
	uint8_t bytes[258];

	receiver_with(5000);
	message_make(bytes, "Hello");
	write_peer(bytes, sizeof(bytes));
	close(peer);
	peer = -1;
	cr_assert_eq(read_once(), RECEIVER_ENDED);
	cr_assert_eq(messages, 1);
}

Test(receiver, tells_an_end_within_a_message)
{
	uint8_t bytes[258];

	receiver_with(5000);
	message_make(bytes, "Hello");
	write_peer(bytes, 257);
	close(peer);
	peer = -1;
	cr_assert_eq(read_once(), RECEIVER_CUT);
	cr_assert_eq(messages, 0);
	cr_assert_not_null(strstr(problem, "257 of the 258 bytes of block Received_Data"), "%s",
			   problem);
}

Test(receiver, refuses_a_string_that_claims_more_than_it_has)
{
	uint8_t bytes[2 * 258];

	receiver_with(5000);
	message_make(bytes, "good");
	message_make(bytes + 258, "bad");
	bytes[258 + 3] = 255;
	write_peer(bytes, sizeof(bytes));
	cr_assert_eq(read_once(), RECEIVER_BAD);
	cr_assert_eq(messages, 1);
	cr_assert_not_null(strstr(problem, "Var2"), "%s", problem);
}

Test(receiver, tells_that_the_rest_is_late)
{
	receiver_with(20);
	write_peer("\1", 1);
	cr_assert_eq(read_once(), RECEIVER_OK);
	loop_until(&is_late);
	receiver_reset(receiver);
	cr_assert(!receiver_is_within(receiver));
}

Test(receiver, takes_as_many_as_come)
{
	uint8_t *flood = calloc(1, 258 * 100);

	receiver_with(5000);
	for (size_t i = 0; i < 100; i++)
		message_make(flood + i * 258, "flood");
	write_peer(flood, 258 * 100);
	free(flood);
	while (messages < 100)
		cr_assert_eq(read_once(), RECEIVER_OK);
	cr_assert_eq(messages, 100);
}
