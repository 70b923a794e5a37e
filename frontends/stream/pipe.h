/*
 * One direction between two streams. Hides the bytes that the reader has not taken yet, which
 * have memory only meanwhile, and what becomes of an end.
 */
#ifndef STREAM_PIPE_H
#define STREAM_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream.h"

#define PIPE_MAX     ((size_t)32768) /* bytes that wait; then no more is read */
#define PIPE_SCRATCH PIPE_MAX
#define PIPE_TURN    8 /* reads until others get their turn */

/* Zeros: nothing has come yet. */
struct pipe {
	uint8_t *bytes; /* NULL: none wait */
	size_t start, len;
	bool has_ended;	  /* the writer's end was read … */
	bool is_finished; /* … and passed on */
	uint64_t count;	  /* of bytes, so far */
};

/*
 * Moves what can be moved. @scratch: PIPE_SCRATCH bytes that it may use meanwhile. False: no
 * memory. Where one of the streams broke, its failed() comes.
 */
[[nodiscard]] bool pipe_move(struct pipe *pipe, struct stream *from, struct stream *to,
			     uint8_t *scratch);

bool pipe_wants_read(const struct pipe *pipe);	/* of the stream that it is from */
bool pipe_wants_write(const struct pipe *pipe); /* of the other */
void pipe_clear(struct pipe *pipe);

#endif
