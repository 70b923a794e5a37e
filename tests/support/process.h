/*
 * Child processes of a test. Hides how they are started and how it is made sure that none
 * outlives the test, however that ends.
 */
#ifndef SUPPORT_PROCESS_H
#define SUPPORT_PROCESS_H

#include <stddef.h>
#include <sys/types.h>

/* What a command left. Free with run_free(). */
struct run {
	int exit_code; /* 128 + N: ended by signal N */
	char *out;     /* with a NUL after its end */
	size_t out_len;
	char *err;
	size_t err_len;
};

/* Says what went wrong and aborts: the test cannot go on. */
_Noreturn void fixture_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Starts @argv (found by PATH) in directory @dir, its output appended to @log; @environment is
 * a NULL-terminated list of NAME=VALUE on top of the test's own, or NULL.
 */
pid_t process_start(const char *const *argv, const char *dir, const char *log,
		    const char *const *environment);

/* Sends @signal and waits for the end; the exit code as in struct run. */
int process_end(pid_t pid, int signal);

/* Whether it runs; one that ended stays to be collected by process_end(). */
int process_is_alive(pid_t pid);

/* Runs @argv to its end with @input (NULL: nothing) on stdin. */
struct run process_run(const char *const *argv, const char *dir, const char *input,
		       const char *const *environment);
void run_free(struct run *run);

#endif
