#include "progress.h"

#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define TICK_MS	     100
#define SILENT_MS    500 /* most operations are done by then */
#define CLEAR_LINE   "\r\033[K"
#define WAIT_FOREVER (-1)

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_done(const struct ks_result *result, void *user)
{
	struct progress *progress = user;

	if (isatty(STDERR_FILENO))
		fputs(CLEAR_LINE, stderr);
	progress->is_done = true;
	progress->code = result->status == KS_OK ? progress->show(progress->ctl, result)
						 : ctl_fail_result(progress->ctl, result);
}

static void show_life(const struct progress *progress, int64_t elapsed)
{
	static const char spinner[] = "|/-\\";

	fprintf(stderr, CLEAR_LINE "%c %s: %d s", spinner[elapsed / TICK_MS % 4], progress->doing,
		(int)(elapsed / 1000));
	fflush(stderr);
}

enum exit_code progress_wait(struct progress *progress, enum ks_status started)
{
	struct ks_client *client = progress->ctl->client;
	bool is_terminal = isatty(STDERR_FILENO);
	int64_t begun = now_ms();

	/* The library sends nothing that no service would take, and has no sentence then. */
	if (started == KS_INVALID)
		return ctl_fail(
			progress->ctl, EXIT_USAGE,
			"%s: that cannot be asked: a key's name is out of shape, or there is "
			"more than a message holds, which is 1024 subject alternative names "
			"and 256 KiB in all",
			progress->doing);
	if (started != KS_OK)
		return ctl_fail(progress->ctl, exit_code_of(started), "%s: %s", progress->doing,
				ks_status_name(started));
	while (!progress->is_done) {
		struct pollfd ready = {.fd = ks_fd(client), .events = ks_events(client)};

		if (poll(&ready, 1, is_terminal ? TICK_MS : WAIT_FOREVER) > 0)
			(void)ks_process(client);
		else if (is_terminal && now_ms() - begun >= SILENT_MS)
			show_life(progress, now_ms() - begun);
	}
	return progress->code;
}
