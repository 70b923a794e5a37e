#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

enum typed {
	TYPED_LINE,
	TYPED_NOTHING, /* no terminal, or the end of the input */
	TYPED_SIGNAL,  /* one waits that would end or stop this program */
};

/* Without the line's end. What is too long for a password is cut off, and too long yet. */
static enum typed read_line(int terminal, int signals, char *line, size_t size)
{
	size_t len = 0;

	while (len < size - 1) {
		struct pollfd ready[] = {
			{.fd = signals, .events = POLLIN},
			{.fd = terminal, .events = POLLIN},
		};
		ssize_t n;

		if (poll(ready, 2, -1) < 0 && errno != EINTR)
			return TYPED_NOTHING;
		if (ready[0].revents)
			return TYPED_SIGNAL;
		n = read(terminal, line + len, size - 1 - len);
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

static enum typed read_silently(int terminal, int signals, const char *prompt, char *line,
				size_t size)
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
		typed = read_line(terminal, signals, line, size);
	tcsetattr(terminal, TCSAFLUSH, &before);
	(void)!write(terminal, "\n", 1);
	return typed;
}

/* Signals wait until the terminal shows again what is typed, which it would else never do. */
static enum typed type_once(int terminal, const char *prompt, char *line, size_t size)
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
		typed = read_silently(terminal, signals, prompt, line, size);
		close(signals);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return typed;
}

bool terminal_ask(const char *prompt, char *line, size_t size)
{
	int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	enum typed typed = TYPED_SIGNAL;

	if (terminal < 0)
		return false;
	/* After a stop, or a signal that is ignored, it is asked again. */
	while (typed == TYPED_SIGNAL)
		typed = type_once(terminal, prompt, line, size);
	close(terminal);
	return typed == TYPED_LINE;
}
