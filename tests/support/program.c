#include "program.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "openssl.h"

#define PAGE	  KEYSTORE_SOURCE_DIR "/docs/openssl.md"
#define PORT_BASE 20000 /* below those that the kernel gives to clients */
#define PORT_SPAN 12000

/* Sets the programs' users aside where the test has no right to become them. */
#define WITHOUT_ROOT                                                                               \
	"if [ $(id -u) = 0 ]; then cat; else sed -E '/^[[:space:]]*(setuid|setgid|user|group)[ "   \
	"=]/d'; fi"

/* --- ports --- */

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static bool is_free(int port)
{
	struct sockaddr_in address = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool is_bound;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
	is_bound = bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
	close(fd);
	return is_bound;
}

/* Tests run side by side: each begins its search elsewhere. */
static void find_ports(struct program *program)
{
	int candidate = (int)getpid() * 97;

	for (int found = 0; found < PROGRAM_PORTS; candidate++) {
		int port = PORT_BASE + candidate % PORT_SPAN;

		if (is_free(port))
			program->ports[found++] = port;
	}
}

static bool accepts(int port)
{
	struct sockaddr_in address = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool is_connected = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;

	close(fd);
	return is_connected;
}

/* --- the page --- */

char *program_lines(const struct program *program, const char *heading, const char *language)
{
	const char *kind = program->kind ? program->kind : "ec";
	char *lines;

	/* The opening line has to be the whole ```@language. */
	lines = fixture_sh_ok(
		program->fixture,
		"awk -v heading='### %s' -v fence='```%s' '/^##/ { here = $0 == heading } "
		"/^```/ { inside = here && !inside && $0 == fence; next } inside' %s | sed "
		"'s,/etc/tls,%s,g; s/192\\.0\\.2\\.10/127.0.0.1/g; s/\\<\\(443\\|8883\\)\\>/%d/g; "
		"s/\\<8080\\>/%d/g; s/\\<8081\\>/%d/g; s/\\(web\\|panel\\)-ec\\>/\\1-%s/g' "
		"| " WITHOUT_ROOT,
		heading, language, PAGE, fixture_dir(program->fixture), program->ports[PORT_TLS],
		program->ports[PORT_BACKEND], program->ports[PORT_CLIENT], kind);
	if (!*lines)
		fixture_die("%s has no ```%s under %s any more", PAGE, language, heading);
	return lines;
}

void program_write(const struct program *program, const char *heading, const char *language,
		   const char *name)
{
	char *lines = program_lines(program, heading, language);
	char *path = NULL;

	if (asprintf(&path, "%s/%s", fixture_dir(program->fixture), name) < 0)
		abort();
	file_write(path, lines, strlen(lines));
	free(path);
	free(lines);
}

char *program_run(struct program *program, const char *heading, const char *language)
{
	program_write(program, heading, language, "lines.sh");
	return fixture_sh_ok(program->fixture, "bash -euo pipefail lines.sh");
}

void program_init(struct program *program)
{
	*program = (struct program){.fixture = fixture_new(NULL), .leash = -1};
	find_ports(program);
	/* Programs that become another user have to reach keystored's socket. */
	free(fixture_sh_ok(program->fixture, "chmod 711 ."));
	free(program_run(program, "What they need", "sh"));
	openssl_configure(program->fixture);
}

/* --- the process --- */

/*
 * Masters have workers, which stay when a crashed test takes only the master with it: the whole
 * group is killed when the other end of the leash is gone, and nothing was written to it.
 */
static int leash_new(pid_t group)
{
	int ends[2];
	pid_t pid;
	char byte;

	if (pipe2(ends, O_CLOEXEC))
		fixture_die("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		fixture_die("fork: %s", strerror(errno));
	if (pid == 0) {
		if (fork() != 0)
			_exit(0);
		setsid();
		for (int fd = 0; fd < 256; fd++)
			if (fd != ends[0])
				close(fd);
		if (read(ends[0], &byte, 1) == 0)
			kill(-group, SIGKILL);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	close(ends[0]);
	return ends[1];
}

static void show(const struct program *program)
{
	char *log = fixture_sh_ok(program->fixture, "tail -n 40 program.log");

	fprintf(stderr, "--- program.log\n%s", log);
	free(log);
}

struct arrival {
	const struct program *program;
	int port;
};

static bool has_arrived(void *user)
{
	const struct arrival *arrival = user;

	if (!process_is_alive(arrival->program->pid)) {
		show(arrival->program);
		fixture_die("the program ended");
	}
	return accepts(arrival->port);
}

void program_start_at(struct program *program, const char *command, enum program_port port)
{
	struct arrival arrival = {program, program->ports[port]};
	char *exec = NULL, *conf = NULL, *path = NULL, *log = NULL;
	const char *argv[] = {"setsid", "sh", "-c", NULL, NULL};
	const char *environment[3] = {NULL};

	if (asprintf(&exec, "exec %s", command) < 0 ||
	    asprintf(&conf, "OPENSSL_CONF=%s/openssl.cnf", fixture_dir(program->fixture)) < 0 ||
	    asprintf(&path, "PATH=%s:/usr/sbin", getenv("PATH")) < 0 ||
	    asprintf(&log, "%s/program.log", fixture_dir(program->fixture)) < 0)
		abort();
	argv[3] = exec;
	environment[0] = conf;
	environment[1] = path;
	program->pid = process_start(argv, fixture_dir(program->fixture), log, environment);
	program->leash = leash_new(program->pid);
	fixture_until(has_arrived, &arrival, "the program's port");
	free(exec);
	free(conf);
	free(path);
	free(log);
}

void program_start(struct program *program, const char *command)
{
	program_start_at(program, command, PORT_TLS);
}

void program_stop(struct program *program)
{
	if (program->leash < 0)
		return;
	process_end(program->pid, SIGTERM);
	/* The leash kills what is left of the group. */
	close(program->leash);
	program->leash = -1;
	program->pid = 0;
}

void program_free(struct program *program)
{
	program_stop(program);
	fixture_free(program->fixture);
}

/* --- clients --- */

void program_shakes_hands(struct program *program, const char *version, const char *kind)
{
	bool is_rsa = strcmp(kind, "rsa") == 0;
	struct run run;

	/* With TLS 1.2 some servers choose the certificate by PKCS#1's algorithms only. */
	run = fixture_sh(program->fixture,
			 "OPENSSL_CONF=openssl.cnf openssl s_client -connect 127.0.0.1:%d "
			 "-servername plc-1.example -tls%s -sigalgs %s -client_sigalgs "
			 "ECDSA+SHA256:RSA-PSS+SHA256 -CAfile ca.pem -verify_return_error "
			 "-verify_hostname plc-1.example %s </dev/null >said 2>&1 && "
			 "grep -q 'New, TLSv%s,' said && "
			 "grep -qi '^Peer signature type: *%s' said && "
			 "grep -q 'Verification: OK' said",
			 program->ports[PORT_TLS], strcmp(version, "1.2") == 0 ? "1_2" : "1_3",
			 is_rsa ? "RSA-PSS+SHA256:RSA+SHA256" : "ECDSA+SHA256",
			 program->client_options ? program->client_options : "", version,
			 is_rsa ? "rsa" : "ecdsa");
	if (run.exit_code != 0) {
		char *said = fixture_sh_ok(program->fixture, "cat said");

		show(program);
		fixture_die("no handshake with TLS %s and %s:\n%s", version, kind, said);
	}
	run_free(&run);
}

void program_shakes_hands_by_each_version(struct program *program)
{
	const char *kind = program->kind ? program->kind : "ec";

	program_shakes_hands(program, "1.2", kind);
	program_shakes_hands(program, "1.3", kind);
}

struct line {
	const struct program *program;
	const char *file;
	const char *words;
};

static bool is_written(void *user)
{
	const struct line *line = user;
	struct run run =
		fixture_sh(line->program->fixture, "grep -qF \"%s\" %s", line->words, line->file);
	bool is_there = run.exit_code == 0;

	run_free(&run);
	return is_there;
}

void program_until_log(struct program *program, const char *file, const char *words)
{
	fixture_until(is_written, &(struct line){program, file, words}, words);
}
