#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frame.h"

struct pair {
	int ours;
	int theirs;
};

static struct pair pair_open(void)
{
	int fds[2];
	int size = 1 << 20;

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return (struct pair){fds[0], fds[1]};
}

static void pair_close(struct pair *pair)
{
	close(pair->ours);
	if (pair->theirs >= 0)
		close(pair->theirs);
}

static void put(const struct pair *pair, const void *bytes, size_t len)
{
	cr_assert_eq(write(pair->theirs, bytes, len), (ssize_t)len);
}

static void hang_up(struct pair *pair)
{
	close(pair->theirs);
	pair->theirs = -1;
}

/* Feeds @len bytes of frames to the reader through the socket, as far as it takes them. */
static enum frame_status feed(struct frame_reader *reader, const struct pair *pair,
			      const uint8_t *bytes, size_t len)
{
	enum frame_status status = FRAME_OK;
	ssize_t n;

	while (status == FRAME_OK && len) {
		n = write(pair->theirs, bytes, len);
		cr_assert(n > 0 || errno == EAGAIN);
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
		status = frame_reader_fill(reader, pair->ours);
		if (status == FRAME_AGAIN && n > 0)
			status = FRAME_OK;
	}
	while (status == FRAME_OK)
		status = frame_reader_fill(reader, pair->ours);
	return status;
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i])
			return false;
	}
	return true;
}

Test(frame_reader, hands_out_a_frame)
{
	struct frame_reader reader = {0};
	struct pair pair = pair_open();
	const uint8_t *payload = NULL;
	size_t len = 0;

	put(&pair, "\0\0\0\3abc", 7);

	cr_assert_eq(frame_reader_fill(&reader, pair.ours), FRAME_OK);
	cr_assert_eq(frame_reader_announced(&reader), 3);
	cr_assert_eq(frame_reader_next(&reader, &payload, &len), FRAME_OK);
	cr_assert_eq(len, 3);
	cr_assert_arr_eq(payload, "abc", 3);
	cr_assert_eq(frame_reader_next(&reader, &payload, &len), FRAME_AGAIN);
	cr_assert_eq(frame_reader_announced(&reader), 0);
	cr_assert_eq(frame_reader_fill(&reader, pair.ours), FRAME_AGAIN);
	frame_reader_wipe(&reader);
	pair_close(&pair);
}

Test(frame_reader, takes_a_frame_that_comes_byte_by_byte)
{
	static const uint8_t bytes[] = {0, 0, 0, 5, 'h', 'e', 'l', 'l', 'o'};
	struct frame_reader reader = {0};
	struct pair pair = pair_open();
	const uint8_t *payload = NULL;
	size_t len = 0;

	for (size_t i = 0; i < sizeof(bytes); i++) {
		cr_assert_eq(frame_reader_next(&reader, &payload, &len), FRAME_AGAIN);
		cr_assert_eq(frame_reader_is_inside(&reader), i > 0);
		cr_assert_eq(frame_reader_announced(&reader), i < 4 ? 0 : 5);
		put(&pair, bytes + i, 1);
		cr_assert_eq(frame_reader_fill(&reader, pair.ours), FRAME_OK);
	}

	cr_assert(!frame_reader_is_inside(&reader));
	cr_assert_eq(frame_reader_next(&reader, &payload, &len), FRAME_OK);
	cr_assert_eq(len, 5);
	cr_assert_arr_eq(payload, "hello", 5);
	cr_assert(!frame_reader_is_inside(&reader));
	frame_reader_wipe(&reader);
	pair_close(&pair);
}

Test(frame_reader, separates_two_frames_of_one_read_and_the_start_of_a_third)
{
	struct frame_reader reader = {0};
	struct pair pair = pair_open();
	const uint8_t *payload = NULL;
	size_t len = 0;

	put(&pair, "\0\0\0\1a\0\0\0\2bc\0\0\0\3d", 16);
	cr_assert_eq(frame_reader_fill(&reader, pair.ours), FRAME_OK);

	cr_assert_eq(frame_reader_next(&reader, &payload, &len), FRAME_OK);
	cr_assert_eq(len, 1);
	cr_assert_eq(payload[0], 'a');
	cr_assert(!frame_reader_is_inside(&reader));
	cr_assert_eq(frame_reader_next(&reader, &payload, &len), FRAME_OK);
	cr_assert_eq(len, 2);
	cr_assert_arr_eq(payload, "bc", 2);
	cr_assert_eq(frame_reader_next(&reader, &payload, &len), FRAME_AGAIN);
	cr_assert(frame_reader_is_inside(&reader));
	cr_assert_eq(frame_reader_announced(&reader), 3);
	put(&pair, "ef", 2);
	cr_assert_eq(frame_reader_fill(&reader, pair.ours), FRAME_OK);
	cr_assert_eq(frame_reader_next(&reader, &payload, &len), FRAME_OK);
	cr_assert_arr_eq(payload, "def", 3);
	frame_reader_wipe(&reader);
	pair_close(&pair);
}

Test(frame_reader, takes_the_largest_frame_and_gives_its_memory_back)
{
	struct frame_reader reader = {0};
	struct pair pair = pair_open();
	uint8_t *frame = calloc(1, KS_FRAME_HEADER + KS_FRAME_MAX);
	const uint8_t *payload = NULL;
	size_t len = 0;

	frame[1] = 4; /* 0x40000 */
	frame[KS_FRAME_HEADER + KS_FRAME_MAX - 1] = 'z';
	cr_assert_eq(feed(&reader, &pair, frame, KS_FRAME_HEADER + KS_FRAME_MAX), FRAME_AGAIN);

	cr_assert_eq(reader.cap, KS_FRAME_HEADER + KS_FRAME_MAX);
	cr_assert_eq(frame_reader_next(&reader, &payload, &len), FRAME_OK);
	cr_assert_eq(len, KS_FRAME_MAX);
	cr_assert_eq(payload[len - 1], 'z');
	cr_assert_eq(frame_reader_next(&reader, &payload, &len), FRAME_AGAIN);
	cr_assert_eq(reader.cap, 0);
	cr_assert_null(reader.buf);
	free(frame);
	pair_close(&pair);
}

Test(frame_reader, refuses_a_frame_one_byte_too_large)
{
	struct frame_reader reader = {0};
	struct pair pair = pair_open();
	const uint8_t *payload = NULL;
	size_t len = 7;

	put(&pair, "\0\4\0\1", 4);
	cr_assert_eq(frame_reader_fill(&reader, pair.ours), FRAME_OK);

	cr_assert_eq(frame_reader_next(&reader, &payload, &len), FRAME_TOO_LARGE);
	cr_assert_eq(frame_reader_next(&reader, &payload, &len), FRAME_TOO_LARGE);
	cr_assert_eq(frame_reader_announced(&reader), KS_FRAME_MAX + 1);
	cr_assert_null(payload);
	cr_assert_eq(len, 7);
	frame_reader_wipe(&reader);
	pair_close(&pair);
}

Test(frame_reader, refuses_the_largest_length_there_is_and_an_empty_frame)
{
	static const char *const headers[] = {"\377\377\377\377", "\0\0\0\0"};

	for (size_t i = 0; i < 2; i++) {
		struct frame_reader reader = {0};
		struct pair pair = pair_open();
		const uint8_t *payload;
		size_t len;

		put(&pair, headers[i], 4);
		cr_assert_eq(frame_reader_fill(&reader, pair.ours), FRAME_OK);
		cr_assert_eq(frame_reader_next(&reader, &payload, &len), FRAME_TOO_LARGE);
		frame_reader_wipe(&reader);
		pair_close(&pair);
	}
}

Test(frame_reader, grows_with_what_arrived_and_not_with_what_was_announced)
{
	struct frame_reader reader = {0};
	struct pair pair = pair_open();
	static uint8_t part[5000] = {0, 4, 0, 0};

	put(&pair, part, 4);
	cr_assert_eq(frame_reader_fill(&reader, pair.ours), FRAME_OK);
	cr_assert_eq(reader.cap, 4096);
	cr_assert_eq(feed(&reader, &pair, part + 4, sizeof(part) - 4), FRAME_AGAIN);

	cr_assert_eq(reader.cap, 8192);
	frame_reader_wipe(&reader);
	pair_close(&pair);
}

Test(frame_reader, holds_no_more_than_its_maximum_while_frames_are_not_taken)
{
	struct frame_reader reader = {0};
	struct pair pair = pair_open();
	size_t total = 2 * (KS_FRAME_HEADER + KS_FRAME_MAX);
	uint8_t *frames = calloc(1, total);
	const uint8_t *payload;
	size_t len;

	frames[1] = 4;
	frames[KS_FRAME_HEADER + KS_FRAME_MAX + 1] = 4;
	cr_assert_eq(feed(&reader, &pair, frames, total), FRAME_AGAIN);

	cr_assert_eq(reader.len, KS_FRAME_HEADER + KS_FRAME_MAX);
	cr_assert_eq(frame_reader_fill(&reader, pair.ours), FRAME_AGAIN);
	cr_assert_eq(frame_reader_next(&reader, &payload, &len), FRAME_OK);
	cr_assert_eq(frame_reader_fill(&reader, pair.ours), FRAME_OK);
	free(frames);
	frame_reader_wipe(&reader);
	pair_close(&pair);
}

Test(frame_reader, tells_an_end_between_frames_from_one_inside)
{
	struct frame_reader reader = {0};
	struct pair pair = pair_open();
	const uint8_t *payload;
	size_t len;

	put(&pair, "\0\0\0\1a", 5);
	hang_up(&pair);
	cr_assert_eq(frame_reader_fill(&reader, pair.ours), FRAME_OK);
	cr_assert_eq(frame_reader_next(&reader, &payload, &len), FRAME_OK);
	cr_assert_eq(frame_reader_fill(&reader, pair.ours), FRAME_CLOSED);
	frame_reader_wipe(&reader);
	pair_close(&pair);

	for (size_t part = 1; part <= 6; part++) {
		pair = pair_open();
		put(&pair, "\0\0\0\3ab", part);
		hang_up(&pair);
		cr_assert_eq(frame_reader_fill(&reader, pair.ours), FRAME_OK);
		cr_assert_eq(frame_reader_fill(&reader, pair.ours), FRAME_TRUNCATED);
		frame_reader_wipe(&reader);
		pair_close(&pair);
	}
}

Test(frame_reader, reports_a_broken_descriptor_with_errno)
{
	struct frame_reader reader = {0};

	cr_assert_eq(frame_reader_fill(&reader, -1), FRAME_IO);
	cr_assert_eq(errno, EBADF);
	frame_reader_wipe(&reader);
}

Test(frame_reader, wipes_a_frame_that_is_passed_over)
{
	struct frame_reader reader = {0};
	struct pair pair = pair_open();
	const uint8_t *payload;
	size_t len;

	put(&pair, "\0\0\0\6secret\0\0\0\6second\0", 21);
	cr_assert_eq(frame_reader_fill(&reader, pair.ours), FRAME_OK);
	cr_assert_eq(frame_reader_next(&reader, &payload, &len), FRAME_OK);
	cr_assert_eq(frame_reader_next(&reader, &payload, &len), FRAME_OK);
	cr_assert(is_zero(reader.buf, 10));
	cr_assert_arr_eq(payload, "second", 6);

	/* One byte of the next frame moves to the front; nothing of the old ones stays behind. */
	put(&pair, "\0", 1);
	cr_assert_eq(frame_reader_fill(&reader, pair.ours), FRAME_OK);
	cr_assert_eq(reader.len, 2);
	cr_assert(is_zero(reader.buf, 21));
	frame_reader_wipe(&reader);
	pair_close(&pair);
}

Test(frame_writer, writes_frames_that_the_reader_reads)
{
	struct frame_writer writer = {.max = 4096};
	struct frame_reader reader = {0};
	struct pair pair = pair_open();
	const uint8_t *read_payload;
	uint8_t *payload;
	size_t len;

	for (unsigned i = 1; i < 40; i++) {
		cr_assert_eq(frame_writer_add(&writer, i, &payload), FRAME_OK);
		memset(payload, (int)i, i);
	}
	cr_assert_eq(frame_writer_pending(&writer), 39 * 40 / 2 + 39 * 4);
	cr_assert_eq(frame_writer_flush(&writer, pair.ours), FRAME_OK);
	cr_assert_eq(frame_writer_pending(&writer), 0);

	cr_assert_eq(frame_reader_fill(&reader, pair.theirs), FRAME_OK);
	for (unsigned i = 1; i < 40; i++) {
		cr_assert_eq(frame_reader_next(&reader, &read_payload, &len), FRAME_OK);
		cr_assert_eq(len, i);
		cr_assert_eq(read_payload[i - 1], i);
	}
	frame_reader_wipe(&reader);
	frame_writer_wipe(&writer);
	pair_close(&pair);
}

Test(frame_writer, is_full_one_byte_past_its_maximum)
{
	struct frame_writer writer = {.max = 100};
	uint8_t *payload = NULL;

	cr_assert_eq(frame_writer_add(&writer, 97, &payload), FRAME_FULL);
	cr_assert_null(payload);
	cr_assert_eq(frame_writer_pending(&writer), 0);
	cr_assert_eq(frame_writer_add(&writer, 46, &payload), FRAME_OK);
	memset(payload, 0, 46);
	cr_assert_eq(frame_writer_add(&writer, 47, &payload), FRAME_FULL);
	cr_assert_eq(frame_writer_pending(&writer), 50);
	cr_assert_eq(frame_writer_add(&writer, 46, &payload), FRAME_OK);
	memset(payload, 0, 46);
	cr_assert_eq(frame_writer_pending(&writer), 100);
	frame_writer_wipe(&writer);
}

Test(frame_writer, refuses_frames_that_no_reader_takes)
{
	struct frame_writer writer = {.max = SIZE_MAX};
	uint8_t *payload = NULL;

	cr_assert_eq(frame_writer_add(&writer, KS_FRAME_MAX + 1, &payload), FRAME_TOO_LARGE);
	cr_assert_eq(frame_writer_add(&writer, SIZE_MAX, &payload), FRAME_TOO_LARGE);
	cr_assert_eq(frame_writer_add(&writer, 0, &payload), FRAME_TOO_LARGE);
	cr_assert_null(payload);
	cr_assert_eq(frame_writer_add(&writer, KS_FRAME_MAX, &payload), FRAME_OK);
	frame_writer_wipe(&writer);
}

Test(frame_writer, goes_on_where_a_full_socket_stopped_it)
{
	struct frame_writer writer = {.max = 8 << 20};
	struct frame_reader reader = {0};
	struct pair pair = pair_open();
	const uint8_t *read_payload;
	enum frame_status status;
	uint8_t *payload;
	unsigned got = 0;
	size_t len;

	for (unsigned i = 0; i < 8; i++) {
		cr_assert_eq(frame_writer_add(&writer, KS_FRAME_MAX, &payload), FRAME_OK);
		memset(payload, (int)('a' + i), KS_FRAME_MAX);
	}
	cr_assert_eq(frame_writer_flush(&writer, pair.ours), FRAME_AGAIN);
	cr_assert_gt(frame_writer_pending(&writer), 0);
	cr_assert(is_zero(writer.buf, writer.start));

	while (got < 8) {
		status = frame_writer_flush(&writer, pair.ours);
		cr_assert(status == FRAME_OK || status == FRAME_AGAIN);
		cr_assert_eq(frame_reader_fill(&reader, pair.theirs), FRAME_OK);
		while (frame_reader_next(&reader, &read_payload, &len) == FRAME_OK) {
			cr_assert_eq(len, KS_FRAME_MAX);
			cr_assert_eq(read_payload[0], 'a' + got);
			cr_assert_eq(read_payload[len - 1], 'a' + got);
			got++;
		}
	}
	cr_assert_eq(writer.cap, 0);
	frame_reader_wipe(&reader);
	frame_writer_wipe(&writer);
	pair_close(&pair);
}

Test(frame_writer, survives_a_peer_that_is_gone)
{
	struct frame_writer writer = {.max = 4096};
	struct pair pair = pair_open();
	uint8_t *payload;

	hang_up(&pair);
	cr_assert_eq(frame_writer_add(&writer, 1, &payload), FRAME_OK);
	*payload = 1;
	cr_assert_eq(frame_writer_flush(&writer, pair.ours), FRAME_IO);
	cr_assert_eq(errno, EPIPE);
	frame_writer_wipe(&writer);
	pair_close(&pair);
}

Test(frame_writer, wipes_what_was_sent)
{
	struct frame_writer writer = {.max = 4096};
	struct pair pair = pair_open();
	uint8_t *payload;

	cr_assert_eq(frame_writer_add(&writer, 6, &payload), FRAME_OK);
	memcpy(payload, "secret", 6);
	cr_assert_eq(frame_writer_flush(&writer, pair.ours), FRAME_OK);
	cr_assert_not_null(writer.buf);
	cr_assert(is_zero(writer.buf, 10));
	frame_writer_wipe(&writer);
	cr_assert_eq(writer.max, 4096);
	pair_close(&pair);
}
