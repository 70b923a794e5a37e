/*
 * A byte stream from a peer: the first byte says in pieces of which size the rest arrives.
 * Whatever decodes must encode, and decode to the same again.
 */
#include "fuzz.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "codec.h"

typedef void *decode_fn(const uint8_t *bytes, size_t len);
typedef void free_fn(void *message);

static void *request_decode(const uint8_t *bytes, size_t len)
{
	return codec_request_decode(bytes, len);
}

static void request_free(void *message)
{
	codec_request_free(message);
}

static void *reply_decode(const uint8_t *bytes, size_t len)
{
	return codec_reply_decode(bytes, len);
}

static void reply_free(void *message)
{
	codec_reply_free(message);
}

static void round_trip(const uint8_t *bytes, size_t len, decode_fn *decode, free_fn *release)
{
	struct frame_writer first = {.max = 4 * KS_FRAME_MAX};
	struct frame_writer second = {.max = 4 * KS_FRAME_MAX};
	void *message = decode(bytes, len);
	void *again;

	if (!message)
		return;
	/* Nothing but an empty message, or one that grew (varints in their long form), may fail. */
	if (codec_write(&first, message) == FRAME_OK) {
		again = decode(first.buf + KS_FRAME_HEADER, first.len - KS_FRAME_HEADER);
		fuzz_expect(again != NULL);
		fuzz_expect(codec_write(&second, again) == FRAME_OK);
		fuzz_expect(second.len == first.len &&
			    memcmp(second.buf, first.buf, first.len) == 0);
		release(again);
	}
	release(message);
	frame_writer_wipe(&first);
	frame_writer_wipe(&second);
}

static void frames_take(struct frame_reader *reader)
{
	const uint8_t *payload;
	size_t len;

	while (frame_reader_next(reader, &payload, &len) == FRAME_OK) {
		fuzz_expect(len > 0 && len <= KS_FRAME_MAX);
		round_trip(payload, len, request_decode, request_free);
		round_trip(payload, len, reply_decode, reply_free);
	}
	fuzz_expect(reader->cap <= KS_FRAME_MAX + KS_FRAME_HEADER);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct frame_reader reader = {0};
	enum frame_status status;
	size_t piece;
	int fds[2];

	if (len < 2)
		return 0;
	fuzz_expect(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
	piece = (size_t)bytes[0] * bytes[0] + 1;
	for (size_t at = 1; at < len; at += piece) {
		if (piece > len - at)
			piece = len - at;
		fuzz_expect(write(fds[1], bytes + at, piece) == (ssize_t)piece);
		while ((status = frame_reader_fill(&reader, fds[0])) == FRAME_OK)
			frames_take(&reader);
		if (status != FRAME_AGAIN || frame_reader_announced(&reader) > KS_FRAME_MAX)
			break;
	}
	close(fds[1]);
	frame_reader_wipe(&reader);
	close(fds[0]);
	return 0;
}
