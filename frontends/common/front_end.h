/*
 * What the programs of front-ends do alike. Hides how they write to standard error, with or without
 * a journal behind it, and which signals end them.
 */
#ifndef COMMON_FRONT_END_H
#define COMMON_FRONT_END_H

#include <stdbool.h>
#include <stdio.h>

#include <systemd/sd-event.h>

#define FRONT_END_EXIT_USAGE 2

/* @program: its name, as in all of these. */
void front_end_log(const char *program, const char *text);

/* A conf_problem_fn whose @user is the file's path: "FILE:12: [keystore-https] Listen: …". */
void front_end_problem(unsigned line, const char *section, const char *field, bool is_warning,
		       const char *message, void *user);

/* The configuration. NULL: it cannot be read, which is told. */
FILE *front_end_open(const char *program, const char *path);

/* What an option gives in place of the configuration; @path NULL: nothing. False: told. */
bool front_end_take_path(const char *program, const char *option, const char *path, char *to,
			 size_t size);

/* An argument that there is none of: its exit code. */
int front_end_refuse(const char *program, const char *argument);

/* SIGTERM and SIGINT go to @handler, or, where it is NULL, end the loop. */
[[nodiscard]] bool front_end_signals(sd_event *event, sd_event_signal_handler_t handler,
				     void *user);

#endif
