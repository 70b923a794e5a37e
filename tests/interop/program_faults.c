/* Servers with our keys when keystored, its rights or their clients go wrong. */
#include <criterion/criterion.h>

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nginx.h"
#include "program.h"
#include "tls_client.h"

#define ABORTED	   2000
#define GROWTH_MAX (4096 * 1024) /* of memory: what allocators keep, in steps of 2 MiB */
/* What the first requests leave open: each process's connection, its eventfd, and ends of both. */
#define FIRST_DESCRIPTORS 12

static struct tls_counts request_to(const struct program *program)
{
	char ca_file[200];

	snprintf(ca_file, sizeof(ca_file), "%s/ca.pem", fixture_dir(program->fixture));
	return tls_request(ca_file, program->ports[PORT_TLS]);
}

/* --- keystored is away --- */

Test(program_faults, nginx_starts_without_keystored_and_says_what_is_missing)
{
	struct program program;

	program_init(&program);
	free(program_run(&program, "nginx", "sh"));
	cr_assert_eq(fixture_service_stop(program.fixture), 0);
	nginx_start_only(&program);
	cr_expect_eq(request_to(&program).failed, 1);
	program_until_log(&program, "error.log", "keystored not reachable");
	program_until_log(&program, "error.log", fixture_socket(program.fixture));
	/* A reload does not have to wait for it either. */
	nginx_reload(&program);
	fixture_service_start(program.fixture);
	fixture_service_wait(program.fixture);
	program_shakes_hands(&program, "1.3", "ec");
	program_free(&program);
}

struct goal {
	struct tls_load *load;
	unsigned good;
};

static bool is_reached(void *user)
{
	const struct goal *goal = user;

	return tls_load_counts(goal->load).good >= goal->good;
}

static bool has_failed(void *load)
{
	return tls_load_counts(load).failed > 0;
}

/* Requests are answered again, without anybody doing anything about nginx. */
static void goes_on(struct tls_load *load)
{
	struct goal goal = {load, tls_load_counts(load).good + 40};

	fixture_until(is_reached, &goal, "answers");
}

Test(program_faults, nginx_goes_on_after_keystored_was_killed_under_load)
{
	struct program program;
	struct tls_load *load;
	struct tls_counts counts;
	char *words;

	program_init(&program);
	nginx_start(&program);
	load = nginx_load(&program, 4);
	goes_on(load);
	for (int i = 0; i < 3; i++) {
		fixture_service_kill(program.fixture);
		fixture_service_start(program.fixture);
		fixture_service_wait(program.fixture);
		goes_on(load);
	}
	counts = tls_load_counts(load);
	words = fixture_sh_ok(program.fixture, "grep -F '[crit]' error.log | cut -c 1-400 || :");
	fprintf(stderr, "keystored killed and started 3 times: %u of %u requests failed\n%s",
		counts.failed, counts.good + counts.failed, words);
	free(words);
	/* Away for longer than nginx waits. */
	cr_assert_eq(fixture_service_stop(program.fixture), 0);
	fixture_until(has_failed, load, "a request that fails");
	fixture_service_start(program.fixture);
	fixture_service_wait(program.fixture);
	goes_on(load);
	tls_load_stop(load);
	program_free(&program);
}

/* --- a right is taken away --- */

Test(program_faults, nginx_says_who_may_not_sign)
{
	struct program program;
	char *words;

	program_init(&program);
	nginx_start(&program);
	cr_expect_eq(request_to(&program).good, 1);
	free(fixture_sh_ok(program.fixture,
			   "for user in www-data $(id -u); do keystorectl key allow web-ec --uid "
			   "$user --operations none; done"));
	cr_expect_eq(request_to(&program).failed, 1);
	words = fixture_sh_ok(program.fixture,
			      "if [ $(id -u) = 0 ]; then id -u www-data; else id -u; fi | tr -d "
			      "'\\n'; printf ' may not use'");
	program_until_log(&program, "error.log", words);
	free(words);
	program_until_log(&program, "error.log", "key allow web-ec --uid");
	/* The other key is another right. */
	program_shakes_hands(&program, "1.3", "rsa");
	program_free(&program);
}

/* --- clients that break off --- */

struct usage {
	unsigned long memory; /* bytes, of all processes */
	unsigned descriptors;
};

static unsigned descriptors_of(pid_t pid)
{
	unsigned count = 0;
	char path[40];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	/* keystored lets nobody but root look. */
	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count;
}

static unsigned long memory_of(pid_t pid)
{
	unsigned long all = 0, resident = 0;
	char path[40], *text;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	text = file_read(path, NULL);
	cr_assert_eq(sscanf(text, "%lu %lu", &all, &resident), 2);
	free(text);
	return resident * (unsigned long)sysconf(_SC_PAGESIZE);
}

static void add_usage(struct usage *usage, pid_t pid)
{
	usage->memory += memory_of(pid);
	usage->descriptors += descriptors_of(pid);
}

/* The server's process and its children. */
static struct usage usage_of(const struct program *program)
{
	struct usage usage = {0};
	char *pids, *at, *end;

	add_usage(&usage, program->pid);
	pids = fixture_sh_ok(program->fixture, "ps -o pid= --ppid %d || :", (int)program->pid);
	for (at = pids; strtol(at, &end, 10) > 0; at = end)
		add_usage(&usage, (pid_t)strtol(at, NULL, 10));
	free(pids);
	return usage;
}

static unsigned all_descriptors(const struct program *program)
{
	return usage_of(program).descriptors +
	       descriptors_of(fixture_service_pid(program->fixture));
}

struct rest {
	struct program *program;
	unsigned descriptors;
};

/* The last connections are closed. */
static bool is_at_rest(void *user)
{
	const struct rest *rest = user;

	return all_descriptors(rest->program) <= rest->descriptors;
}

static void has_not_grown(const char *who, struct usage before, struct usage after)
{
	cr_expect_leq(after.memory, before.memory + GROWTH_MAX, "%s: %lu KiB, then %lu KiB", who,
		      before.memory / 1024, after.memory / 1024);
}

static bool is_answered(void *user)
{
	return request_to(user).good == 1;
}

/* A sanitizer keeps what is freed, to recognise its use: little of that here. */
static void init_measured(struct program *program)
{
	setenv("ASAN_OPTIONS", "quarantine_size_mb=1:thread_local_quarantine_size_kb=64", 1);
	program_init(program);
}

static void bears_aborted_handshakes(struct program *program)
{
	struct rest rest = {program, all_descriptors(program) + FIRST_DESCRIPTORS};
	struct usage before, after, service_before = {0}, service_after = {0};
	pid_t service = fixture_service_pid(program->fixture);

	/* What is made once is made now. */
	cr_assert_eq(tls_abort_handshakes(program->ports[PORT_TLS], ABORTED), ABORTED / 2);
	fixture_until(is_answered, program, "an answer");
	fixture_until(is_at_rest, &rest, "the end of all connections");
	before = usage_of(program);
	add_usage(&service_before, service);
	cr_assert_eq(tls_abort_handshakes(program->ports[PORT_TLS], ABORTED), ABORTED / 2);
	fixture_until(is_answered, program, "an answer");
	fixture_until(is_at_rest, &rest, "the end of all connections");
	after = usage_of(program);
	add_usage(&service_after, service);
	has_not_grown("the server", before, after);
	has_not_grown("keystored", service_before, service_after);
}

Test(program_faults, nginx_bears_aborted_handshakes)
{
	struct program program;

	init_measured(&program);
	nginx_start(&program);
	bears_aborted_handshakes(&program);
	program_free(&program);
}

Test(program_faults, s_server_bears_aborted_handshakes)
{
	struct program program;
	char command[200];

	init_measured(&program);
	snprintf(command, sizeof(command),
		 "openssl s_server -accept 127.0.0.1:%d -cert web-ec.pem -key web-ec.key "
		 "-cert_chain web-ec.pem -www -quiet",
		 program.ports[PORT_TLS]);
	program_start(&program, command);
	bears_aborted_handshakes(&program);
	program_free(&program);
}
