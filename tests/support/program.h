/*
 * Programs of others, as docs/openssl.md configures them: the page's lines are what a test runs
 * and starts, but for addresses, ports and paths. Hides where the page has what, free ports,
 * OpenSSL's configuration, when a program is ready, and how all its processes are gone at the end.
 */
#ifndef SUPPORT_PROGRAM_H
#define SUPPORT_PROGRAM_H

#include "fixture.h"

#define PROGRAM_PORTS 4
#define PROGRAM_MORE  6

/* The page's ports, in the order of struct program's: 443 (8883), 8080, 8081, and one more. */
enum program_port { PORT_TLS, PORT_BACKEND, PORT_CLIENT, PORT_OTHER };

/* A keystored with what the page makes under "What they need", and one program. */
struct program {
	struct fixture *fixture;
	int ports[PROGRAM_PORTS];
	const char *kind; /* "rsa": the page's web-ec, panel-ec are read as web-rsa, panel-rsa */
	/* More options of the client that shakes hands, as those of its certificate; NULL: none. */
	const char *client_options;
	pid_t pid;
	int leash;
};

void program_init(struct program *program);
void program_stop(
	struct program *program); /* SIGTERM; its processes are gone. Any number of times */
void program_free(struct program *program);

/* The page's lines under "### @heading" in blocks that begin with ```@language; free() them. */
char *program_lines(const struct program *program, const char *heading, const char *language);

/* Writes them into @name of the fixture's directory. */
void program_write(const struct program *program, const char *heading, const char *language,
		   const char *name);

/* Runs those of ```@language as root's shell does, from the first that fails on not. Its stdout. */
char *program_run(struct program *program, const char *heading, const char *language);

/*
 * Starts @command, a shell's, with the provider in its environment; waits until it takes
 * connections at the port. Its output is in "program.log".
 */
void program_start(struct program *program, const char *command);
void program_start_at(struct program *program, const char *command, enum program_port port);

/* Some TLS client: @version "1.2", "1.3"; @kind "ec" or "rsa". The chain verifies. */
void program_shakes_hands(struct program *program, const char *version, const char *kind);

/* Both versions, with @program->kind. */
void program_shakes_hands_by_each_version(struct program *program);

/* Waits until @file of the fixture's directory contains @words. */
void program_until_log(struct program *program, const char *file, const char *words);

#endif
