/* A command that is run beside the loop. Hides its output's pipe, its time limit and its end. */
#ifndef DEPLOY_RUNNER_H
#define DEPLOY_RUNNER_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "folder.h"

#define RUNNER_TIMEOUT_MS 60000u

struct runner;

/*
 * @failure NULL: it ended with 0; else how it ended, after "…": "ended with exit code 1".
 * @output: the end of what it printed. The runner may be freed here.
 */
typedef void runner_done_fn(const char *failure, const char *output, void *user);

/*
 * SIGCHLD is blocked. @argv: found by PATH. NULL: @problem, and @done is never called; else it is
 * called once, unless the runner is freed before.
 */
struct runner *runner_start(sd_event *event, const char *const *argv, uint32_t timeout_ms,
			    runner_done_fn *done, void *user, char problem[DEPLOY_PROBLEM_MAX]);

/* Kills it with all that it has started, if it runs. NULL is fine. */
void runner_free(struct runner *runner);

#endif
