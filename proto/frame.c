#include "frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/crypto.h>

/* Kept between frames; a larger buffer is given back when it runs empty. */
#define BUFFER_KEPT ((size_t)4096)
#define READER_MAX  (KS_FRAME_MAX + KS_FRAME_HEADER)

static size_t header_read(const uint8_t *p)
{
	return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

static void header_write(uint8_t *p, size_t len)
{
	p[0] = (uint8_t)(len >> 24);
	p[1] = (uint8_t)(len >> 16);
	p[2] = (uint8_t)(len >> 8);
	p[3] = (uint8_t)len;
}

/* realloc() would leave an unwiped copy behind. */
static bool buffer_resize(uint8_t **buf, size_t len, size_t cap)
{
	uint8_t *copy = malloc(cap);

	if (!copy)
		return false;
	if (*buf) {
		memcpy(copy, *buf, len);
		OPENSSL_cleanse(*buf, len);
	}
	free(*buf);
	*buf = copy;
	return true;
}

/* Moves the @len bytes at @start to the front, and wipes where they were. */
static void buffer_compact(uint8_t *buf, size_t start, size_t len)
{
	if (start == 0 || len == 0)
		return;
	memmove(buf, buf + start, len);
	OPENSSL_cleanse(buf + (start > len ? start : len), start > len ? len : start);
}

static size_t reader_rest(const struct frame_reader *reader)
{
	return reader->len - reader->start - reader->taken;
}

/* The frame that was handed out is over. */
static void reader_pass(struct frame_reader *reader)
{
	if (reader->taken == 0)
		return;
	OPENSSL_cleanse(reader->buf + reader->start, reader->taken);
	reader->start += reader->taken;
	reader->taken = 0;
	if (reader->start < reader->len)
		return;
	reader->start = reader->len = 0;
	if (reader->cap > BUFFER_KEPT) {
		free(reader->buf);
		reader->buf = NULL;
		reader->cap = 0;
	}
}

static enum frame_status reader_make_room(struct frame_reader *reader)
{
	size_t cap;

	buffer_compact(reader->buf, reader->start, reader->len - reader->start);
	reader->len -= reader->start;
	reader->start = 0;
	if (reader->len < reader->cap)
		return FRAME_OK;
	if (reader->cap >= READER_MAX)
		return FRAME_AGAIN;
	cap = reader->cap ? 2 * reader->cap : BUFFER_KEPT;
	if (cap > READER_MAX)
		cap = READER_MAX;
	if (!buffer_resize(&reader->buf, reader->len, cap))
		return FRAME_NOMEM;
	reader->cap = cap;
	return FRAME_OK;
}

enum frame_status frame_reader_fill(struct frame_reader *reader, int fd)
{
	enum frame_status status;
	ssize_t n;

	reader_pass(reader);
	status = reader_make_room(reader);
	if (status != FRAME_OK)
		return status;
	do
		n = read(fd, reader->buf + reader->len, reader->cap - reader->len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? FRAME_AGAIN : FRAME_IO;
	if (n == 0)
		return frame_reader_is_inside(reader) ? FRAME_TRUNCATED : FRAME_CLOSED;
	reader->len += (size_t)n;
	return FRAME_OK;
}

enum frame_status frame_reader_next(struct frame_reader *reader, const uint8_t **ret_payload,
				    size_t *ret_len)
{
	size_t len;

	reader_pass(reader);
	if (reader_rest(reader) < KS_FRAME_HEADER)
		return FRAME_AGAIN;
	len = header_read(reader->buf + reader->start);
	if (len == 0 || len > KS_FRAME_MAX)
		return FRAME_TOO_LARGE;
	if (reader_rest(reader) < KS_FRAME_HEADER + len)
		return FRAME_AGAIN;
	reader->taken = KS_FRAME_HEADER + len;
	*ret_payload = reader->buf + reader->start + KS_FRAME_HEADER;
	*ret_len = len;
	return FRAME_OK;
}

bool frame_reader_is_inside(const struct frame_reader *reader)
{
	size_t rest = reader_rest(reader);

	if (rest == 0)
		return false;
	return rest < KS_FRAME_HEADER || rest - KS_FRAME_HEADER < frame_reader_announced(reader);
}

size_t frame_reader_announced(const struct frame_reader *reader)
{
	if (reader_rest(reader) < KS_FRAME_HEADER)
		return 0;
	return header_read(reader->buf + reader->start + reader->taken);
}

void frame_reader_wipe(struct frame_reader *reader)
{
	if (reader->buf)
		OPENSSL_cleanse(reader->buf, reader->len);
	free(reader->buf);
	*reader = (struct frame_reader){0};
}

enum frame_status frame_writer_add(struct frame_writer *writer, size_t len, uint8_t **ret_payload)
{
	size_t pending = frame_writer_pending(writer);
	size_t need;
	size_t cap;

	if (len == 0 || len > KS_FRAME_MAX)
		return FRAME_TOO_LARGE;
	need = KS_FRAME_HEADER + len;
	if (pending > writer->max || need > writer->max - pending)
		return FRAME_FULL;
	if (writer->cap - writer->len < need) {
		buffer_compact(writer->buf, writer->start, pending);
		writer->start = 0;
		writer->len = pending;
	}
	if (writer->cap - writer->len < need) {
		cap = writer->cap ? writer->cap : BUFFER_KEPT;
		while (cap < pending + need)
			cap *= 2;
		if (!buffer_resize(&writer->buf, writer->len, cap))
			return FRAME_NOMEM;
		writer->cap = cap;
	}
	header_write(writer->buf + writer->len, len);
	*ret_payload = writer->buf + writer->len + KS_FRAME_HEADER;
	writer->len += need;
	return FRAME_OK;
}

enum frame_status frame_writer_flush(struct frame_writer *writer, int fd)
{
	ssize_t n;

	while (frame_writer_pending(writer)) {
		n = send(fd, writer->buf + writer->start, frame_writer_pending(writer),
			 MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK ? FRAME_AGAIN : FRAME_IO;
		OPENSSL_cleanse(writer->buf + writer->start, (size_t)n);
		writer->start += (size_t)n;
	}
	writer->start = writer->len = 0;
	if (writer->cap > BUFFER_KEPT) {
		free(writer->buf);
		writer->buf = NULL;
		writer->cap = 0;
	}
	return FRAME_OK;
}

size_t frame_writer_pending(const struct frame_writer *writer)
{
	return writer->len - writer->start;
}

void frame_writer_wipe(struct frame_writer *writer)
{
	if (writer->buf)
		OPENSSL_cleanse(writer->buf, writer->len);
	free(writer->buf);
	*writer = (struct frame_writer){.max = writer->max};
}
