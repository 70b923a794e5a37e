#include "password.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#define LINE_BYTES (USER_PASSWORD_BYTES_MAX + 2)

enum typed {
	TYPED_LINE,
	TYPED_NOTHING, /* no terminal, or the end of the input */
	TYPED_SIGNAL,  /* one waits that would end or stop this program */
};

/* Without the line's end. What is too long for a password is cut off, and too long yet. */
static enum typed read_line(int terminal, int signals, char line[LINE_BYTES])
{
	size_t len = 0;

	while (len < LINE_BYTES - 1) {
		struct pollfd ready[] = {
			{.fd = signals, .events = POLLIN},
			{.fd = terminal, .events = POLLIN},
		};
		ssize_t n;

		if (poll(ready, 2, -1) < 0 && errno != EINTR)
			return TYPED_NOTHING;
		if (ready[0].revents)
			return TYPED_SIGNAL;
		n = read(terminal, line + len, LINE_BYTES - 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || (n == 0 && len == 0))
			return TYPED_NOTHING;
		len += (size_t)n;
		if (n == 0 || line[len - 1] == '\n')
			break;
	}
	line[len] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return TYPED_LINE;
}

static enum typed read_silently(int terminal, int signals, const char *prompt,
				char line[LINE_BYTES])
{
	struct termios before, silent;
	enum typed typed = TYPED_NOTHING;

	if (tcgetattr(terminal, &before) < 0)
		return TYPED_NOTHING;
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	/* Whoever sees the prompt types unseen. */
	if (tcsetattr(terminal, TCSAFLUSH, &silent) == 0 &&
	    write(terminal, prompt, strlen(prompt)) >= 0)
		typed = read_line(terminal, signals, line);
	tcsetattr(terminal, TCSAFLUSH, &before);
	(void)!write(terminal, "\n", 1);
	return typed;
}

/* Signals wait until the terminal shows again what is typed, which it would else never do. */
static enum typed type_once(int terminal, const char *prompt, char line[LINE_BYTES])
{
	static const int numbers[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
	enum typed typed = TYPED_NOTHING;
	sigset_t held, before;
	int signals;

	sigemptyset(&held);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaddset(&held, numbers[i]);
	sigprocmask(SIG_BLOCK, &held, &before);
	signals = signalfd(-1, &held, SFD_CLOEXEC);
	if (signals >= 0) {
		typed = read_silently(terminal, signals, prompt, line);
		close(signals);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return typed;
}

/* False: no terminal, or the end of the input. */
static bool type(const char *prompt, char line[LINE_BYTES])
{
	int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	enum typed typed = TYPED_SIGNAL;

	if (terminal < 0)
		return false;
	/* After a stop, or a signal that is ignored, it is asked again. */
	while (typed == TYPED_SIGNAL)
		typed = type_once(terminal, prompt, line);
	close(terminal);
	return typed == TYPED_LINE;
}

static enum exit_code ask(const struct ctl *ctl, enum option option, const char *prompt, bool twice,
			  char line[LINE_BYTES])
{
	char again[LINE_BYTES] = "";
	enum exit_code code = EXIT_OK;

	if (!type(prompt, line))
		return ctl_fail(ctl, EXIT_USAGE, "%s needs %s FILE, or a terminal to type it on",
				ctl->command, option_name(option));
	if (twice && (!type("Again: ", again) || strcmp(line, again) != 0))
		code = ctl_fail(ctl, EXIT_USAGE, "the two were not the same: nothing has changed");
	OPENSSL_cleanse(again, sizeof(again));
	return code;
}

enum exit_code password_read(const struct ctl *ctl, enum option option, const char *prompt,
			     bool twice, struct file *ret_password)
{
	const char *path = ctl_option(ctl, option);
	char line[LINE_BYTES] = "";
	struct file file = {0};
	enum exit_code code;

	if (path)
		return file_read_line(ctl, path, USER_PASSWORD_BYTES_MAX, ret_password);
	code = ask(ctl, option, prompt, twice, line);
	if (code == EXIT_OK && (!*line || strlen(line) > USER_PASSWORD_BYTES_MAX))
		code = ctl_fail(ctl, EXIT_USAGE, "a password has 1 to %d bytes",
				USER_PASSWORD_BYTES_MAX);
	if (code == EXIT_OK) {
		file.data = (uint8_t *)strdup(line);
		file.len = file.size = strlen(line);
		if (!file.data)
			code = ctl_fail(ctl, EXIT_FAILED, "out of memory");
	}
	OPENSSL_cleanse(line, sizeof(line));
	if (code == EXIT_OK)
		*ret_password = file;
	return code;
}
