#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "http_private.h"

#define BLOCK	    4096 /* of what is sent at a time, as libmicrohttpd has it */
#define OUTPUT_STEP 1024

struct http_feed {
	struct http_server *server;
	struct http_door *door;	   /* NULL: it is not under way yet */
	http_feed_ended_fn *ended; /* NULL: nobody wants to know any more */
	void *user;
	bool is_over;	/* after what waits */
	bool is_broken; /* at once */
	char *bytes;
	size_t start, len, size;
};

static void wake(struct http_feed *feed)
{
	if (feed->door)
		http_door_resume(feed->door);
}

static ssize_t on_read(void *user, uint64_t at, char *to, size_t max)
{
	struct http_feed *feed = user;
	size_t step = feed->len < max ? feed->len : max;

	(void)at;
	if (feed->is_broken)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (!feed->len && feed->is_over)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (!feed->len) {
		http_door_suspend(feed->door);
		return 0;
	}
	memcpy(to, feed->bytes + feed->start, step);
	feed->start += step;
	feed->len -= step;
	if (!feed->len) {
		free(feed->bytes);
		feed->bytes = NULL;
		feed->start = feed->size = 0;
	}
	return (ssize_t)step;
}

static void on_free(void *user)
{
	struct http_feed *feed = user;

	if (feed->door)
		feed->door->feed = NULL;
	feed->server->counters.feeds--;
	if (feed->ended)
		feed->ended(feed->user);
	free(feed->bytes);
	free(feed);
}

struct http_response *http_feed_response(struct http_server *server, http_feed_ended_fn *ended,
					 void *user, struct http_feed **ret_feed)
{
	struct http_feed *feed;
	struct MHD_Response *mhd;
	struct http_response *response;

	if (server->counters.feeds >= server->options.limits.feeds)
		return NULL;
	feed = calloc(1, sizeof(*feed));
	if (!feed)
		return NULL;
	mhd = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, on_read, feed, on_free);
	if (!mhd) {
		free(feed);
		return NULL;
	}
	feed->server = server;
	server->counters.feeds++;
	response =
		http_response_make_safe(http_response_wrap(MHD_HTTP_OK, "text/event-stream", mhd));
	if (!response)
		return NULL; /* and on_free() was called */
	feed->ended = ended;
	feed->user = user;
	response->feed = feed;
	*ret_feed = feed;
	return response;
}

void http_feed_begin(struct http_feed *feed, struct http_door *door)
{
	feed->door = door;
	door->feed = feed;
}

void http_feed_lost(struct http_feed *feed)
{
	feed->is_broken = true;
	wake(feed);
}

static bool make_room(struct http_feed *feed, size_t len)
{
	size_t size = feed->size;
	char *bytes;

	if (feed->len + len > HTTP_OUTPUT_MAX)
		return false;
	if (feed->start) {
		memmove(feed->bytes, feed->bytes + feed->start, feed->len);
		feed->start = 0;
	}
	if (feed->len + len <= size)
		return true;
	if (!size)
		size = OUTPUT_STEP;
	while (size < feed->len + len)
		size *= 2;
	bytes = realloc(feed->bytes, size);
	if (!bytes)
		return false;
	feed->bytes = bytes;
	feed->size = size;
	return true;
}

static void append(struct http_feed *feed, const char *text)
{
	size_t len = strlen(text);

	memcpy(feed->bytes + feed->start + feed->len, text, len);
	feed->len += len;
}

bool http_feed_send(struct http_feed *feed, const char *event, const char *data)
{
	static const char *const frame[] = {"event: ", "\ndata: ", "\n\n"};
	size_t len = strlen(frame[0]) + strlen(event) + strlen(frame[1]) + strlen(data) +
		     strlen(frame[2]);

	assert(!strpbrk(event, "\r\n") && !strpbrk(data, "\r\n"));
	if (feed->is_broken || !make_room(feed, len)) {
		feed->ended = NULL;
		if (feed->door)
			http_door_close(feed->door);
		else
			feed->is_broken = true;
		return false;
	}
	append(feed, frame[0]);
	append(feed, event);
	append(feed, frame[1]);
	append(feed, data);
	append(feed, frame[2]);
	wake(feed);
	return true;
}

void http_feed_end(struct http_feed *feed)
{
	feed->ended = NULL;
	feed->is_over = true;
	wake(feed);
}
