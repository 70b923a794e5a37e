#include "pipe.h"

#include "loop.h"

static uint8_t scratch[PIPE_SCRATCH];
static struct stream *from, *to;
static int writer, reader;
static unsigned opened;
static struct pipe pipe_;

static void on_opened(void *user)
{
	(void)user;
	opened++;
}

static void on_ready(void *user)
{
	(void)user;
}

static void on_failed(const struct stream_failure *failure, void *user)
{
	(void)failure;
	(void)user;
}

static struct stream *stream_with(int *other)
{
	static const struct stream_handler handler = {on_opened, on_ready, on_failed};
	int fds[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	*other = fds[1];
	return stream_plain(loop, fds[0], &handler, NULL);
}

static void set_up(void)
{
	loop_up();
	opened = 0;
	pipe_ = (struct pipe){0};
	from = stream_with(&writer);
	to = stream_with(&reader);
	while (opened < 2)
		cr_assert_geq(sd_event_run(loop, UINT64_MAX), 0);
}

static void tear_down(void)
{
	pipe_clear(&pipe_);
	stream_free(from);
	stream_free(to);
	close(writer);
	close(reader);
	loop_down();
}

static void move(void)
{
	cr_assert(pipe_move(&pipe_, from, to, scratch));
}

TestSuite(pipe, .init = set_up, .fini = tear_down, .timeout = 60);

Test(pipe, holds_nothing_while_the_reader_takes_all)
{
	char got[8] = "";

	cr_assert_eq(write(writer, "Hello", 5), 5);
	move();
	cr_assert_eq(read(reader, got, sizeof(got)), 5);
	cr_assert_str_eq(got, "Hello");
	cr_assert_null(pipe_.bytes);
	cr_assert(pipe_wants_read(&pipe_));
	cr_assert(!pipe_wants_write(&pipe_));
	cr_assert_eq(pipe_.count, 5);
}

Test(pipe, holds_a_bounded_part_and_reads_no_more)
{
	static char zeros[65536];
	ssize_t written;

	do {
		written = write(writer, zeros, sizeof(zeros));
		move();
	} while (written > 0 || !pipe_.bytes);
	cr_assert_leq(pipe_.len, PIPE_MAX);
	cr_assert(!pipe_wants_read(&pipe_));
	cr_assert(pipe_wants_write(&pipe_));
	while (read(reader, zeros, sizeof(zeros)) > 0)
		;
	move();
	cr_assert(pipe_.count > 0);
}

Test(pipe, passes_an_end_on_once)
{
	char byte;

	shutdown(writer, SHUT_WR);
	move();
	cr_assert(pipe_.is_finished);
	cr_assert(!pipe_wants_read(&pipe_));
	cr_assert_eq(read(reader, &byte, 1), 0);
	move();
	cr_assert_eq(write(reader, "back", 4), 4);
}
