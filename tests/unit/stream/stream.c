#include "stream.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BULK (4 * 1024 * 1024)

/* A stream at one end of a socket pair, and the other end as a plain descriptor. */
struct side {
	sd_event *event;
	struct stream *stream;
	int other;
	unsigned opened, ready, failed;
	enum stream_fault fault;
	char got[256];
	size_t got_len;
	bool has_ended;
};

static void on_opened(void *user)
{
	struct side *side = user;

	side->opened++;
}

static void on_ready(void *user)
{
	struct side *side = user;
	enum stream_result result;
	size_t len;

	side->ready++;
	do {
		result = stream_read(side->stream, side->got + side->got_len,
				     sizeof(side->got) - side->got_len, &len);
		if (result == STREAM_OK)
			side->got_len += len;
	} while (result == STREAM_OK);
	side->has_ended = side->has_ended || result == STREAM_END;
}

static void on_failed(const struct stream_failure *failure, void *user)
{
	struct side *side = user;

	side->failed++;
	side->fault = failure->fault;
	cr_assert_neq(*failure->message, '\0');
}

static const struct stream_handler handler = {on_opened, on_ready, on_failed};

static void side_init(struct side *side)
{
	int fds[2];

	*side = (struct side){0};
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	cr_assert_geq(sd_event_new(&side->event), 0);
	side->other = fds[1];
	side->stream = stream_plain(side->event, fds[0], &handler, side);
	cr_assert_not_null(side->stream);
}

static void side_free(struct side *side)
{
	stream_free(side->stream);
	if (side->other >= 0)
		close(side->other);
	sd_event_unref(side->event);
}

/* Everything that is due. */
static void settle(struct side *side)
{
	while (sd_event_run(side->event, 0) > 0)
		;
}

Test(stream, opens_from_the_loop_and_not_before)
{
	struct side side;

	side_init(&side);
	cr_assert_eq(side.opened, 0);
	cr_assert(!stream_is_open(side.stream));
	settle(&side);
	cr_assert_eq(side.opened, 1);
	cr_assert(stream_is_open(side.stream));
	side_free(&side);
}

Test(stream, tells_of_bytes_only_while_they_are_wanted)
{
	struct side side;

	side_init(&side);
	settle(&side);
	cr_assert_eq(write(side.other, "abc", 3), 3);
	settle(&side);
	cr_assert_eq(side.ready, 0);
	stream_wants(side.stream, STREAM_READ);
	settle(&side);
	cr_assert_eq(side.got_len, 3);
	cr_assert_eq(memcmp(side.got, "abc", 3), 0);
	side_free(&side);
}

Test(stream, reads_an_end_and_still_writes)
{
	struct side side;
	char got[8];
	size_t len;

	side_init(&side);
	settle(&side);
	stream_wants(side.stream, STREAM_READ);
	cr_assert_eq(shutdown(side.other, SHUT_WR), 0);
	settle(&side);
	cr_assert(side.has_ended);
	cr_assert_eq(side.failed, 0);
	cr_assert_eq(stream_read(side.stream, got, sizeof(got), &len), STREAM_END);
	cr_assert_eq(stream_write(side.stream, "late", 4, &len), STREAM_OK);
	cr_assert_eq(read(side.other, got, sizeof(got)), 4);
	side_free(&side);
}

Test(stream, finishes_its_own_direction_and_still_reads)
{
	struct side side;
	char got[8];

	side_init(&side);
	settle(&side);
	stream_finish(side.stream);
	settle(&side);
	cr_assert_eq(read(side.other, got, sizeof(got)), 0);
	cr_assert_eq(write(side.other, "late", 4), 4);
	stream_wants(side.stream, STREAM_READ);
	settle(&side);
	cr_assert_eq(side.got_len, 4);
	side_free(&side);
}

Test(stream, takes_no_more_than_the_peer_reads)
{
	char *bulk = calloc(1, BULK);
	enum stream_result result = STREAM_OK;
	size_t sent = 0, len;
	struct side side;

	side_init(&side);
	settle(&side);
	while (sent < BULK && result == STREAM_OK) {
		result = stream_write(side.stream, bulk, BULK - sent, &len);
		sent += result == STREAM_OK ? len : 0;
	}
	cr_assert_eq(result, STREAM_AGAIN);
	stream_wants(side.stream, STREAM_WRITE);
	settle(&side);
	cr_assert_eq(side.ready, 0);
	while (read(side.other, bulk, BULK) > 0)
		;
	cr_assert_eq(sd_event_run(side.event, 0), 1);
	cr_assert_eq(side.ready, 1);
	free(bulk);
	side_free(&side);
}

Test(stream, tells_a_reset_though_nothing_is_wanted)
{
	struct side side;

	side_init(&side);
	settle(&side);
	/* A Unix socket that is closed with bytes unread resets its peer. */
	size_t len;

	cr_assert_eq(stream_write(side.stream, "abc", 3, &len), STREAM_OK);
	close(side.other);
	side.other = -1;
	settle(&side);
	cr_assert_eq(side.failed, 1);
	cr_assert_eq(side.fault, STREAM_RESET);
	cr_assert_eq(stream_write(side.stream, "abc", 3, &len), STREAM_BROKEN);
	side_free(&side);
}

Test(stream, does_not_spin_when_both_sides_have_ended)
{
	struct side side;

	side_init(&side);
	settle(&side);
	stream_finish(side.stream);
	close(side.other);
	side.other = -1;
	settle(&side); /* it would not return */
	cr_assert_eq(side.failed, 0);
	side_free(&side);
}

Test(stream, can_be_freed_before_it_opens)
{
	struct side side;

	side_init(&side);
	stream_free(side.stream);
	side.stream = NULL;
	settle(&side);
	cr_assert_eq(side.opened, 0);
	side_free(&side);
}

Test(stream, is_described_as_plain)
{
	char text[32], subject[32] = "x";
	struct side side;

	side_init(&side);
	stream_describe(side.stream, text, sizeof(text));
	stream_peer_subject(side.stream, subject, sizeof(subject));
	cr_assert_str_eq(text, "plain");
	cr_assert_str_eq(subject, "");
	side_free(&side);
}
