#include "log.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char text[4096];

/* What log_line() wrote. */
static void capture(const struct log *log, enum log_level level, const char *message)
{
	int ends[2];
	int saved = dup(STDERR_FILENO);

	cr_assert_eq(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	log_line(log, level, "%s", message);
	dup2(saved, STDERR_FILENO);
	close(ends[1]);
	ssize_t len = read(ends[0], text, sizeof text - 1);

	text[len > 0 ? len : 0] = '\0';
	close(ends[0]);
	close(saved);
}

Test(log, leaves_out_what_is_below_its_level)
{
	struct log log = {.level = LOG_LEVEL_WARNING};

	capture(&log, LOG_LEVEL_INFO, "quiet");
	cr_assert_str_eq(text, "");
	capture(&log, LOG_LEVEL_ERROR, "loud");
	cr_assert_str_eq(text, "keystored: loud\n");
	capture(NULL, LOG_LEVEL_ERROR, "nobody");
	cr_assert_str_eq(text, "");
}

Test(log, keeps_to_one_line_whatever_a_client_is_called)
{
	struct log log = {.level = LOG_LEVEL_INFO};

	capture(&log, LOG_LEVEL_INFO, "a\nkeystored: forged\x1b[2J");
	cr_assert_str_eq(text, "keystored: a?keystored: forged?[2J\n");
}

Test(log, marks_levels_for_the_journal)
{
	setenv("JOURNAL_STREAM", "8:1", 1);
	struct log log = log_to_stderr(LOG_LEVEL_INFO);

	capture(&log, LOG_LEVEL_ERROR, "bad");
	cr_assert_str_eq(text, "<3>keystored: bad\n");
}

Test(log, knows_its_levels_by_name)
{
	enum log_level level = LOG_LEVEL_ERROR;

	cr_assert(log_level_from_name("debug", &level));
	cr_assert_eq(level, LOG_LEVEL_DEBUG);
	cr_assert(!log_level_from_name("loud", &level));
}

Test(log, cuts_what_is_too_long)
{
	struct log log = {.level = LOG_LEVEL_INFO};
	char message[3000];

	memset(message, 'x', sizeof message);
	message[sizeof message - 1] = '\0';
	capture(&log, LOG_LEVEL_INFO, message);
	cr_assert_lt(strlen(text), 1200u);
	cr_assert_eq(text[strlen(text) - 1], '\n');
}
