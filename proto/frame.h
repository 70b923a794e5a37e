/*
 * Framing: a 4-byte big-endian length, then that many bytes. Hides how bytes that arrive in
 * pieces become messages, and how much memory a peer may make us hold.
 */
#ifndef KS_FRAME_H
#define KS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define KS_FRAME_MAX	    ((size_t)262144) /* payload bytes */
#define KS_FRAME_HEADER	    ((size_t)4)
#define KS_PROTOCOL_VERSION 1

enum frame_status {
	FRAME_OK = 0,
	FRAME_AGAIN,	 /* nothing more to read or write now */
	FRAME_CLOSED,	 /* the peer closed, between two frames */
	FRAME_TRUNCATED, /* the peer closed inside a frame */
	FRAME_TOO_LARGE, /* the announced length is over KS_FRAME_MAX, or it is 0 */
	FRAME_FULL,	 /* the writer holds its maximum */
	FRAME_IO,	 /* errno says */
	FRAME_NOMEM,
};

/* Bytes read from a socket, and the frames in them. Zero-initialise. */
struct frame_reader {
	uint8_t *buf;
	size_t len;   /* bytes held */
	size_t start; /* where the frame handed out last begins, or else the next */
	size_t taken; /* bytes of the frame handed out last, to be wiped */
	size_t cap;
};

/*
 * Reads what the non-blocking @fd has, up to one buffer's worth. FRAME_OK: something came;
 * FRAME_AGAIN: nothing now, or no room before frames are taken. Memory grows with what arrived, not with what the header announces, and is given back
 * when the buffer runs empty. A received frame is wiped when it is passed over.
 */
[[nodiscard]] enum frame_status frame_reader_fill(struct frame_reader *reader, int fd);

/*
 * The next whole frame: a view that is valid until the reader's next call.
 * FRAME_AGAIN: not all there yet. FRAME_TOO_LARGE: the stream is lost.
 */
[[nodiscard]] enum frame_status frame_reader_next(struct frame_reader *reader,
						  const uint8_t **ret_payload, size_t *ret_len);

/* Whether the next frame is held in part: the peer owes the rest. */
bool frame_reader_is_inside(const struct frame_reader *reader);

/* The next frame's length as its header says, valid or not; 0: no header yet. */
size_t frame_reader_announced(const struct frame_reader *reader);

void frame_reader_wipe(struct frame_reader *reader);

/* Frames on their way to a socket. Zero-initialise; set max, in bytes. */
struct frame_writer {
	uint8_t *buf;
	size_t len;
	size_t start;
	size_t cap;
	size_t max;
};

/*
 * Makes room for a frame of @len bytes and writes its header; the caller packs the payload
 * at *ret_payload before the next call. FRAME_FULL: over writer->max, nothing changed.
 */
[[nodiscard]] enum frame_status frame_writer_add(struct frame_writer *writer, size_t len,
						 uint8_t **ret_payload);

/* Sends what @fd takes. FRAME_OK: all sent; FRAME_AGAIN: poll for writing. */
[[nodiscard]] enum frame_status frame_writer_flush(struct frame_writer *writer, int fd);

size_t frame_writer_pending(const struct frame_writer *writer);

void frame_writer_wipe(struct frame_writer *writer);

#endif
