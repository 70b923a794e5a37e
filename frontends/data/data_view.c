#include "data_image.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "data_barrier.h"
#include "data_format.h"
#include "data_problem.h"

/* A writer is done within microseconds, unless it is held up: these are some 10 ms. */
#define TRIES	     100
#define TRY_PAUSE_NS 100000

/*
 * Read and not mapped: the owner, another user, can cut the file short at any time, which would be
 * the end of a process that looks into a mapping, and is a short answer here.
 */
struct data_view {
	int fd;
	struct data_block *block;
	uint32_t data_at;
};

static bool read_at(int fd, void *bytes, size_t len, uint64_t at)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(fd, (char *)bytes + done, len - done, (off_t)(at + done));

		if (n == 0 || (n < 0 && errno != EINTR))
			return false;
		done += n > 0 ? (size_t)n : 0;
	}
	return true;
}

static struct data_block *read_layout(int fd, const struct format_header *header, char *problem)
{
	size_t len = le32toh(header->layout_len);
	char *layout = malloc(len);
	struct data_block *block = NULL;

	if (!layout)
		(void)data_fail(problem, "out of memory");
	else if (!read_at(fd, layout, len, le32toh(header->layout_at)))
		(void)data_fail(problem, "it cannot be read");
	else
		block = format_layout_parse(header->name, layout, len, problem);
	free(layout);
	if (block && block->size != le32toh(header->data_len)) {
		(void)data_fail(problem, "its layout has %u bytes, and its header says %u",
				block->size, le32toh(header->data_len));
		data_block_free(block);
		block = NULL;
	}
	return block;
}

bool data_view_open(const char *path, struct data_view **ret_view, char problem[DATA_PROBLEM_MAX])
{
	struct data_view *view = calloc(1, sizeof(*view));
	char why[DATA_PROBLEM_MAX];
	struct format_header header;
	struct stat facts;

	if (!view)
		return data_fail(problem, "out of memory");
	view->fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (view->fd < 0 || fstat(view->fd, &facts) < 0) {
		(void)data_fail(problem, "%.120s cannot be opened: %s", path, strerror(errno));
		goto fail;
	}
	if (!S_ISREG(facts.st_mode) || !read_at(view->fd, &header, sizeof(header), 0))
		(void)data_fail(why, "it is no file, or too short for one");
	else if (format_header_check(&header, (uint64_t)facts.st_size, why))
		view->block = read_layout(view->fd, &header, why);
	if (!view->block) {
		(void)data_fail(problem, "%.120s is no image of a data block: %s", path, why);
		goto fail;
	}
	view->data_at = le32toh(header.data_at);
	*ret_view = view;
	return true;
fail:
	data_view_close(view);
	return false;
}

void data_view_close(struct data_view *view)
{
	if (!view)
		return;
	if (view->fd >= 0)
		close(view->fd);
	data_block_free(view->block);
	free(view);
}

const struct data_block *data_view_block(const struct data_view *view)
{
	return view->block;
}

static enum data_view_status try_read(const struct data_view *view, uint8_t *bytes,
				      struct data_moment *ret_moment)
{
	/* Asked first: nobody writes after an owner who is gone. */
	bool has_owner = format_is_owned(view->fd);
	struct format_header before;
	struct format_header after;

	if (!read_at(view->fd, &before, sizeof(before), 0))
		return DATA_VIEW_BROKEN;
	if (le64toh(before.sequence) % 2)
		return has_owner ? DATA_VIEW_BUSY : DATA_VIEW_TORN;
	data_barrier_acquire();
	if (bytes && !read_at(view->fd, bytes, view->block->size, view->data_at))
		return DATA_VIEW_BROKEN;
	data_barrier_acquire();
	if (!read_at(view->fd, &after, sizeof(after), 0))
		return DATA_VIEW_BROKEN;
	/* All of it, since a sequence of which a part is old is never beside the same time. */
	if (memcmp(&before, &after, sizeof(before)) != 0)
		return DATA_VIEW_BUSY;
	ret_moment->changes = le64toh(before.changes);
	ret_moment->time = (int64_t)le64toh((uint64_t)before.time);
	ret_moment->has_owner = has_owner;
	return DATA_VIEW_OK;
}

/* @bytes: of the caller's, with whatever was read, even if it was in vain; NULL: none. */
static enum data_view_status read_checked(const struct data_view *view, int tries, uint8_t *bytes,
					  struct data_moment *ret_moment)
{
	static const struct timespec pause = {.tv_nsec = TRY_PAUSE_NS};
	enum data_view_status status = DATA_VIEW_BUSY;
	char why[DATA_PROBLEM_MAX];

	for (int i = 0; i < tries && status == DATA_VIEW_BUSY; i++) {
		if (i > 0)
			(void)nanosleep(&pause, NULL);
		status = try_read(view, bytes, ret_moment);
	}
	if (status == DATA_VIEW_OK && bytes && !data_block_check(view->block, bytes, why))
		return DATA_VIEW_BROKEN;
	return status;
}

static enum data_view_status read_copy(const struct data_view *view, int tries, uint8_t *ret_bytes,
				       struct data_moment *ret_moment)
{
	uint8_t *bytes = ret_bytes ? malloc(view->block->size) : NULL;
	enum data_view_status status;
	struct data_moment moment;

	if (ret_bytes && !bytes)
		return DATA_VIEW_NOMEM;
	status = read_checked(view, tries, bytes, &moment);
	if (status == DATA_VIEW_OK) {
		if (ret_bytes)
			memcpy(ret_bytes, bytes, view->block->size);
		*ret_moment = moment;
	}
	free(bytes);
	return status;
}

enum data_view_status data_view_look(const struct data_view *view, uint8_t *ret_bytes,
				     struct data_moment *ret_moment)
{
	return read_copy(view, 1, ret_bytes, ret_moment);
}

enum data_view_status data_view_read(const struct data_view *view, uint8_t *ret_bytes,
				     struct data_moment *ret_moment)
{
	return read_copy(view, TRIES, ret_bytes, ret_moment);
}
