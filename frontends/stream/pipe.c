#include "pipe.h"

#include <stdlib.h>
#include <string.h>

bool pipe_wants_read(const struct pipe *pipe)
{
	return !pipe->bytes && !pipe->has_ended;
}

bool pipe_wants_write(const struct pipe *pipe)
{
	return pipe->bytes != NULL;
}

void pipe_clear(struct pipe *pipe)
{
	free(pipe->bytes);
	pipe->bytes = NULL;
	pipe->start = pipe->len = 0;
}

/* As far as the reader takes them. */
static size_t write_some(struct pipe *pipe, struct stream *to, const uint8_t *bytes, size_t len)
{
	size_t done = 0;

	while (done < len) {
		size_t step;

		if (stream_write(to, bytes + done, len - done, &step) != STREAM_OK)
			break;
		done += step;
	}
	pipe->count += done;
	return done;
}

static void write_waiting(struct pipe *pipe, struct stream *to)
{
	size_t done = write_some(pipe, to, pipe->bytes + pipe->start, pipe->len);

	pipe->start += done;
	pipe->len -= done;
	if (!pipe->len)
		pipe_clear(pipe);
}

static bool keep(struct pipe *pipe, const uint8_t *bytes, size_t len)
{
	pipe->bytes = malloc(len);
	if (!pipe->bytes)
		return false;
	memcpy(pipe->bytes, bytes, len);
	pipe->start = 0;
	pipe->len = len;
	return true;
}

bool pipe_move(struct pipe *pipe, struct stream *from, struct stream *to, uint8_t *scratch)
{
	if (pipe->bytes)
		write_waiting(pipe, to);
	for (int i = 0; i < PIPE_TURN && pipe_wants_read(pipe); i++) {
		size_t len = 0, done;

		switch (stream_read(from, scratch, PIPE_SCRATCH, &len)) {
		case STREAM_OK:
			done = write_some(pipe, to, scratch, len);
			if (done < len && !keep(pipe, scratch + done, len - done))
				return false;
			break;
		case STREAM_END:
			pipe->has_ended = true;
			break;
		case STREAM_AGAIN:
		case STREAM_BROKEN:
			i = PIPE_TURN;
			break;
		}
	}
	if (pipe->has_ended && !pipe->bytes && !pipe->is_finished) {
		pipe->is_finished = true;
		stream_finish(to);
	}
	return true;
}
