/*
 * An operation that takes long, with a sign of life on a terminal. Hides the waiting: the
 * event-loop form of a call, driven until it is answered.
 */
#ifndef CTL_PROGRESS_H
#define CTL_PROGRESS_H

#include "ctl.h"

struct progress {
	struct ctl *ctl;
	const char *doing; /* "making key plc-1" */
	/* Prints a good result. */
	enum exit_code (*show)(const struct ctl *ctl, const struct ks_result *result);
	bool is_done;
	enum exit_code code;
};

/* The callback for the _start form, with a struct progress as its user. */
void progress_done(const struct ks_result *result, void *progress);

/* Waits for what was started; @started is the _start form's return value. */
enum exit_code progress_wait(struct progress *progress, enum ks_status started);

#endif
