#include "data_image.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data_barrier.h"
#include "data_format.h"
#include "data_problem.h"
#include "folder.h"

#define IMAGE_MODE 0640

struct data_image {
	const struct data_block *block;
	char *folder;
	char base[DATA_NAME_MAX + sizeof(".image")];
	char staged[DATA_NAME_MAX + sizeof("..image.new")];
	int fd; /* holds the owner's mark */
	struct format_header *header;
	uint8_t *bytes;
	size_t map_len;
};

static bool fail(const struct data_image *image, const char *what, char *problem)
{
	return data_fail(problem, "%.100s/%s %s: %s", image->folder, image->base, what,
			 strerror(errno));
}

/* The whole file; free() it. NULL: no memory. */
static char *compose(const struct data_block *block, struct format_header *ret_header,
		     size_t *ret_len)
{
	size_t layout_len = 0;
	char *layout = format_layout(block, &layout_len);
	char *file = NULL;
	size_t data_at;

	if (!layout)
		return NULL;
	format_header_make(block, layout_len, ret_header);
	data_at = le32toh(ret_header->data_at);
	file = calloc(1, data_at + block->size);
	if (file) {
		memcpy(file, ret_header, sizeof(*ret_header));
		memcpy(file + sizeof(*ret_header), layout, layout_len);
		data_block_initialise(block, (uint8_t *)file + data_at);
		*ret_len = data_at + block->size;
	}
	free(layout);
	return file;
}

/* Two owners of one name would each believe that theirs is read. */
static bool check_free(const struct data_image *image, int folder, char *problem)
{
	int fd = openat(folder, image->base,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	bool is_owned = fd >= 0 && format_is_owned(fd);

	if (fd >= 0)
		close(fd);
	if (is_owned)
		return data_fail(problem,
				 "%.100s/%s belongs to a program that runs: end that one first",
				 image->folder, image->base);
	return true;
}

/* Beside its place, with its content and the owner's mark. */
static bool stage(struct data_image *image, int folder, char *problem)
{
	struct format_header header;
	char *file = compose(image->block, &header, &image->map_len);
	bool is_fine = false;
	void *map;

	if (!file)
		return data_fail(problem, "out of memory");
	(void)unlinkat(folder, image->staged, 0);
	image->fd = openat(folder, image->staged,
			   O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	/* Written and not only made long: on a full file system a mapping would be fatal later. */
	if (image->fd < 0 || !folder_write_all(image->fd, file, image->map_len) ||
	    !format_own(image->fd) || fchmod(image->fd, IMAGE_MODE) < 0) {
		(void)fail(image, "cannot be written", problem);
		goto out;
	}
	map = mmap(NULL, image->map_len, PROT_READ | PROT_WRITE, MAP_SHARED, image->fd, 0);
	if (map == MAP_FAILED) {
		(void)fail(image, "cannot be mapped", problem);
		goto out;
	}
	image->header = map;
	image->bytes = (uint8_t *)map + le32toh(header.data_at);
	is_fine = true;
out:
	free(file);
	return is_fine;
}

static void free_image(struct data_image *image)
{
	if (image->header)
		munmap(image->header, image->map_len);
	if (image->fd >= 0)
		close(image->fd);
	free(image->folder);
	free(image);
}

bool data_image_create(const char *folder, const struct data_block *block,
		       struct data_image **ret_image, char problem[DATA_PROBLEM_MAX])
{
	struct data_image *image;
	char why[DEPLOY_PROBLEM_MAX];
	bool is_fine;
	int fd;

	if (block->field_count == 0)
		return data_fail(problem, "%s has no fields", block->name);
	image = calloc(1, sizeof(*image));
	if (!image || !(image->folder = strdup(folder))) {
		free(image);
		return data_fail(problem, "out of memory");
	}
	image->block = block;
	image->fd = -1;
	snprintf(image->base, sizeof(image->base), "%s.image", block->name);
	snprintf(image->staged, sizeof(image->staged), ".%s.new", image->base);
	fd = folder_open(folder, false, why);
	if (fd < 0) {
		free_image(image);
		return data_fail(problem, "%s", why);
	}
	is_fine = check_free(image, fd, problem) && stage(image, fd, problem);
	if (is_fine && renameat(fd, image->staged, fd, image->base) < 0)
		is_fine = fail(image, "cannot be put into its place", problem);
	if (!is_fine && image->fd >= 0)
		(void)unlinkat(fd, image->staged, 0);
	close(fd);
	if (!is_fine) {
		free_image(image);
		return false;
	}
	*ret_image = image;
	return true;
}

/* Not another one that has taken its place. */
static void remove_own(const struct data_image *image, int folder)
{
	struct stat own;
	struct stat there;

	if (fstat(image->fd, &own) == 0 &&
	    fstatat(folder, image->base, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	    own.st_dev == there.st_dev && own.st_ino == there.st_ino)
		(void)unlinkat(folder, image->base, 0);
}

void data_image_close(struct data_image *image)
{
	char why[DEPLOY_PROBLEM_MAX];
	int fd;

	if (!image)
		return;
	fd = folder_open(image->folder, false, why);
	if (fd >= 0) {
		remove_own(image, fd);
		close(fd);
	}
	free_image(image);
}

const struct data_block *data_image_block(const struct data_image *image)
{
	return image->block;
}

const uint8_t *data_image_bytes(const struct data_image *image)
{
	return image->bytes;
}

void data_image_write(struct data_image *image, const uint8_t *bytes, int64_t time)
{
	struct format_header *header = image->header;
	_Atomic uint64_t *sequence = (_Atomic uint64_t *)&header->sequence;
	uint64_t before = le64toh(atomic_load_explicit(sequence, memory_order_relaxed));

	atomic_store_explicit(sequence, htole64(before + 1), memory_order_relaxed);
	/* Nobody sees the content change before the sequence is odd … */
	data_barrier_release();
	memmove(image->bytes, bytes, image->block->size);
	header->changes = htole64(le64toh(header->changes) + 1);
	header->time = (int64_t)htole64((uint64_t)time);
	/* … nor the sequence even before the content has changed. */
	atomic_store_explicit(sequence, htole64(before + 2), memory_order_release);
}
