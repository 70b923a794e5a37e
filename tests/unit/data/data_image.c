#include "data_image.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "../../support/temp_dir.h"
#include "block_maker.h"
#include "data_format.h"
#include "data_value.h"

static char dir[TEMP_PATH_MAX];
static char path[TEMP_PATH_MAX + 32];
static char problem[DATA_PROBLEM_MAX];

static void set_up(void)
{
	temp_dir_make(dir);
	snprintf(path, sizeof(path), "%s/Send_Data.image", dir);
}

static void tear_down(void)
{
	temp_dir_remove(dir);
}

TestSuite(data_image, .init = set_up, .fini = tear_down, .timeout = 100);

static struct data_image *create(const struct data_block *block)
{
	struct data_image *image = NULL;

	cr_assert(data_image_create(dir, block, &image, problem), "%s", problem);
	return image;
}

static struct data_view *view(void)
{
	struct data_view *opened = NULL;

	cr_assert(data_view_open(path, &opened, problem), "%s", problem);
	return opened;
}

Test(data_image, is_read_as_it_was_made)
{
	struct data_block *block = block_make("Var1 Bool; Var2 String; Var3 Array[-1..1] of Real");
	struct data_image *image = create(block);
	struct data_view *reader = view();
	const struct data_block *found = data_view_block(reader);
	uint8_t *bytes = block_bytes(block);
	struct data_moment moment;

	cr_expect_eq(data_image_block(image), block);
	cr_expect_str_eq(found->name, "Send_Data");
	cr_assert_eq(found->field_count, 3);
	cr_expect_eq(memcmp(found->fields, block->fields, 3 * sizeof(block->fields[0])), 0);
	cr_expect_eq(found->size, block->size);
	memset(bytes, 0xaa, block->size);
	cr_assert_eq(data_view_read(reader, bytes, &moment), DATA_VIEW_OK);
	cr_expect_eq(memcmp(bytes, data_image_bytes(image), block->size), 0);
	cr_expect_eq(bytes[2], 254);
	cr_expect_eq(moment.changes, 0);
	cr_expect_eq(moment.time, 0);
	cr_expect(moment.has_owner);
	free(bytes);
	data_view_close(reader);
	data_image_close(image);
	data_block_free(block);
}

Test(data_image, shows_what_was_written_and_when)
{
	struct data_block *block = block_make("Var1 Bool; Var2 String");
	struct data_image *image = create(block);
	struct data_view *reader = view();
	uint8_t *bytes = block_bytes(block);
	uint8_t seen[258];
	struct data_moment moment;

	for (int64_t i = 1; i <= 3; i++) {
		cr_assert(data_value_set(block, bytes, "Var1", i % 2 ? "TRUE" : "FALSE", problem));
		data_image_write(image, bytes, i * 1000000007);
		cr_assert_eq(data_view_read(reader, seen, &moment), DATA_VIEW_OK);
		cr_expect_eq(memcmp(seen, bytes, sizeof(seen)), 0);
		cr_expect_eq(memcmp(data_image_bytes(image), bytes, sizeof(seen)), 0);
		cr_expect_eq(moment.changes, i);
		cr_expect_eq(moment.time, i * 1000000007);
	}
	free(bytes);
	data_view_close(reader);
	data_image_close(image);
	data_block_free(block);
}

Test(data_image, replaces_what_is_in_its_place_and_follows_no_link)
{
	struct data_block *block = block_make("Var1 Bool");
	struct data_image *image;
	char target[TEMP_PATH_MAX + 32];
	char staged[TEMP_PATH_MAX + 32];
	struct stat facts;

	snprintf(target, sizeof(target), "%s/target", dir);
	snprintf(staged, sizeof(staged), "%s/.Send_Data.image.new", dir);
	cr_assert_eq(symlink(target, path), 0);
	cr_assert_eq(symlink(target, staged), 0);
	umask(077);
	image = create(block);
	cr_expect_neq(lstat(target, &facts), 0);
	cr_expect_neq(lstat(staged, &facts), 0);
	cr_assert_eq(lstat(path, &facts), 0);
	cr_expect(S_ISREG(facts.st_mode));
	cr_expect_eq(facts.st_mode & 07777, 0640);
	data_image_close(image);
	cr_expect_neq(lstat(path, &facts), 0);
	data_block_free(block);
}

Test(data_image, is_not_made_where_it_cannot_be)
{
	struct data_block *block = block_make("Var1 Bool");
	struct data_block *empty = data_block_new("Empty");
	char absent[TEMP_PATH_MAX + 32];
	struct data_image *image = NULL;

	snprintf(absent, sizeof(absent), "%s/absent", dir);
	cr_expect(!data_image_create(absent, block, &image, problem));
	cr_expect_not_null(strstr(problem, "absent"));
	cr_expect(!data_image_create(".", block, &image, problem));
	cr_expect(!data_image_create(dir, empty, &image, problem));
	cr_expect_str_eq(problem, "Empty has no fields");
	mkdir(path, 0700);
	cr_expect(!data_image_create(dir, block, &image, problem));
	cr_expect_not_null(strstr(problem, "Send_Data.image cannot be put into its place"));
	cr_expect_null(image);
	rmdir(path);
	/* Nothing is left beside it. */
	cr_expect_eq(rmdir(dir), 0);
	data_block_free(empty);
	data_block_free(block);
}

Test(data_image, has_one_owner_at_a_time)
{
	struct data_block *block = block_make("Var1 Bool");
	struct data_image *image = create(block);
	struct data_image *other = NULL;

	cr_expect(!data_image_create(dir, block, &other, problem));
	cr_expect_not_null(strstr(problem, "belongs to a program that runs"));
	data_image_close(image);
	data_image_close(create(block));
	data_block_free(block);
}

Test(data_image, a_reader_sees_that_the_owner_has_gone)
{
	struct data_block *block = block_make("Var1 Bool");
	struct data_image *image = create(block);
	struct data_view *reader = view();
	struct data_moment moment;
	uint8_t bytes[2] = {1, 0};

	data_image_write(image, bytes, 5);
	data_image_close(image);
	bytes[0] = 0;
	cr_assert_eq(data_view_read(reader, bytes, &moment), DATA_VIEW_OK);
	cr_expect_eq(bytes[0], 1);
	cr_expect(!moment.has_owner);
	data_view_close(reader);
	data_block_free(block);
}

Test(data_image, no_reader_can_pass_for_its_owner)
{
	struct data_block *block = block_make("Var1 Bool");
	struct data_image *image = create(block);
	struct data_view *reader = view();
	struct flock mark = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
	struct flock stronger = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct data_moment moment;
	uint8_t bytes[2];
	int fd = open(path, O_RDONLY);

	data_image_close(image);
	cr_assert_eq(fcntl(fd, F_OFD_SETLK, &mark), 0);
	cr_assert_eq(flock(fd, LOCK_EX), 0);
	cr_assert_neq(fcntl(fd, F_OFD_SETLK, &stronger), 0);
	cr_assert_eq(data_view_read(reader, bytes, &moment), DATA_VIEW_OK);
	cr_expect(!moment.has_owner);
	close(fd);
	data_view_close(reader);
	data_block_free(block);
}

Test(data_image, removes_no_other_than_its_own)
{
	struct data_block *block = block_make("Var1 Bool");
	struct data_image *image = create(block);
	struct data_image *later;

	cr_assert_eq(unlink(path), 0);
	later = create(block);
	data_image_close(image);
	cr_expect_eq(access(path, F_OK), 0);
	data_image_close(later);
	cr_expect_neq(access(path, F_OK), 0);
	data_image_close(NULL);
	data_block_free(block);
}

#define LARGE "a Array[0..8191] of DWord"

/* Content k is of bytes k only. */
static void write_for_ever(struct data_image *image, const atomic_bool *is_over)
{
	uint32_t size = data_image_block(image)->size;
	uint8_t *bytes = malloc(size);

	for (unsigned k = 1; !atomic_load(is_over); k++) {
		struct timespec pause = {.tv_nsec = k % 64 * 2000};

		memset(bytes, (int)(k & 0xff), size);
		data_image_write(image, bytes, k);
		/* Else there would hardly be a moment at which it is not being written. */
		nanosleep(&pause, NULL);
	}
	free(bytes);
}

static void expect_one_moment(const uint8_t *bytes, uint32_t size, const struct data_moment *moment)
{
	for (uint32_t i = 0; i < size; i++)
		cr_assert_eq(bytes[i], moment->changes & 0xff, "torn at %u", i);
	cr_assert_eq(moment->time, moment->changes);
}

static void expect_whole_blocks(struct data_view *reader)
{
	uint32_t size = data_view_block(reader)->size;
	uint8_t *bytes = malloc(size);
	struct data_moment moment = {0};
	uint64_t last = 0;

	for (unsigned differ = 0; differ < 500;) {
		enum data_view_status status = data_view_read(reader, bytes, &moment);

		if (status == DATA_VIEW_BUSY)
			continue;
		cr_assert_eq(status, DATA_VIEW_OK);
		cr_assert(moment.has_owner);
		cr_assert_geq(moment.changes, last);
		expect_one_moment(bytes, size, &moment);
		differ += moment.changes > last;
		last = moment.changes;
	}
	free(bytes);
}

struct writer {
	struct data_image *image;
	atomic_bool is_over;
};

static void *write_in_thread(void *argument)
{
	struct writer *writer = argument;

	write_for_ever(writer->image, &writer->is_over);
	return NULL;
}

Test(data_image, no_torn_block_is_seen_while_a_thread_writes)
{
	struct data_block *block = block_make(LARGE);
	struct writer writer = {.image = create(block)};
	struct data_view *reader = view();
	pthread_t thread;

	cr_assert_eq(pthread_create(&thread, NULL, write_in_thread, &writer), 0);
	expect_whole_blocks(reader);
	atomic_store(&writer.is_over, true);
	pthread_join(thread, NULL);
	data_view_close(reader);
	data_image_close(writer.image);
	data_block_free(block);
}

static void tell(int fd)
{
	write(fd, "", 1);
}

/* A process that owns the image; this returns when it has told that it is ready. */
static pid_t start_owner(const struct data_block *block, void (*run)(struct data_image *, int))
{
	int ready[2];
	char byte;
	pid_t pid;

	cr_assert_eq(pipe(ready), 0);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0) {
		struct data_image *image = NULL;

		/* It ends with a test that fails. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (data_image_create(dir, block, &image, problem))
			run(image, ready[1]);
		_exit(1);
	}
	close(ready[1]);
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void kill_owner(pid_t pid)
{
	kill(pid, SIGKILL);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
}

static void write_in_process(struct data_image *image, int ready)
{
	static const atomic_bool never;

	tell(ready);
	write_for_ever(image, &never);
}

Test(data_image, no_torn_block_is_seen_while_a_process_writes)
{
	struct data_block *block = block_make(LARGE);
	pid_t owner = start_owner(block, write_in_process);
	struct data_view *reader = view();

	expect_whole_blocks(reader);
	kill_owner(owner);
	data_view_close(reader);
	data_block_free(block);
}

Test(data_image, an_owner_that_is_killed_leaves_a_whole_block_or_none)
{
	struct data_block *block = block_make(LARGE);
	uint8_t *bytes = block_bytes(block);

	for (int i = 0; i < 40; i++) {
		pid_t owner = start_owner(block, write_in_process);
		struct data_view *reader = view();
		struct data_moment moment = {0};
		enum data_view_status status;

		while (moment.changes < (uint64_t)i + 1)
			(void)!data_view_read(reader, bytes, &moment);
		kill_owner(owner);
		status = data_view_read(reader, bytes, &moment);
		cr_assert(status == DATA_VIEW_OK || status == DATA_VIEW_TORN, "%d", status);
		if (status == DATA_VIEW_OK) {
			cr_assert(!moment.has_owner);
			expect_one_moment(bytes, block->size, &moment);
		}
		data_view_close(reader);
	}
	free(bytes);
	data_block_free(block);
}

/* As it is between the two changes of the sequence. */
static void stay_in_the_middle(struct data_image *image, int ready)
{
	uint64_t sequence = 7;
	int fd = open(path, O_WRONLY);

	(void)image;
	pwrite(fd, &sequence, sizeof(sequence), offsetof(struct format_header, sequence));
	close(fd);
	tell(ready);
	for (;;)
		pause();
}

Test(data_image, a_reader_gives_up_on_an_owner_in_the_middle_of_a_change)
{
	struct data_block *block = block_make("Var1 Bool");
	pid_t owner = start_owner(block, stay_in_the_middle);
	struct data_view *reader = view();
	struct data_moment moment;
	uint8_t bytes[2] = {7, 7};

	cr_expect_eq(data_view_read(reader, bytes, &moment), DATA_VIEW_BUSY);
	cr_expect_eq(data_view_look(reader, bytes, &moment), DATA_VIEW_BUSY);
	cr_expect_eq(data_view_look(reader, NULL, &moment), DATA_VIEW_BUSY);
	kill_owner(owner);
	bytes[0] = 7;
	moment.changes = 99;
	cr_expect_eq(data_view_read(reader, bytes, &moment), DATA_VIEW_TORN);
	cr_expect_eq(bytes[0], 7);
	cr_expect_eq(moment.changes, 99);
	/* Whoever comes next makes a new one. */
	data_image_close(create(block));
	data_view_close(reader);
	data_block_free(block);
}
