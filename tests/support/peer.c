#include "peer.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void peers_certify(struct plc *plc)
{
	PLC(plc, PKI "ca plant -; cat plant.pem plant.crl > trusted.pem; "
		     "leaf pump plant IP:127.0.0.1,IP:127.0.0.2,IP:::1,DNS:localhost,"
		     "DNS:pump.plant; "
		     "keystorectl trust add ouc trusted.pem >&2; "
		     "keystorectl cert export 2 > plc-ca.pem");
}

void peers_publish_crl(struct plc *plc)
{
	PLC(plc, "keystorectl trust add ouc pki/plant.crl >&2");
}

struct peer peer_start(struct plc *plc, const char *name, const char *format, ...)
{
	struct peer peer = {plc, name, 0};
	const char *top = fixture_dir(plc->fixture);
	char *command = NULL, *script = NULL;
	const char *argv[] = {"sh", "-c", NULL, NULL};
	char log[256], path[4096];
	const char *environment[] = {path, NULL};
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&command, format, arguments) < 0)
		fixture_die("no memory");
	va_end(arguments);
	/* Opened for both: its input does not end when a writer closes it. */
	if (asprintf(&script, "exec 3<> %s.in; exec %s <&3 > %s.out 2> %s.err", name, command, name,
		     name) < 0)
		fixture_die("no memory");
	PLC(plc, "rm -f %s.in %s.out %s.err; mkfifo %s.in; : > %s.out; : > %s.err", name, name,
	    name, name, name, name);
	snprintf(log, sizeof(log), "%s/peers.log", top);
	snprintf(path, sizeof(path), "PATH=%s:%s", KEYSTORE_BIN_DIR, getenv("PATH"));
	argv[2] = script;
	peer.pid = process_start(argv, top, log, environment);
	free(script);
	free(command);
	return peer;
}

void peer_say(const struct peer *peer, const void *bytes, size_t len)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s.in", fixture_dir(peer->plc->fixture), peer->name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		fixture_die("%s: %s", path, strerror(errno));
	close(fd);
}

void until_listening(struct plc *plc, int port)
{
	char script[100];

	/* As the kernel has it: to try would be a connection. */
	snprintf(script, sizeof(script), "grep -q ':%04X 0*:0000 0A' /proc/net/tcp /proc/net/tcp6",
		 (unsigned)port);
	plc_until(plc, script);
}

int peer_end(struct peer *peer)
{
	int code = process_end(peer->pid, SIGKILL);

	peer->pid = 0;
	return code;
}

int peer_connect(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		fixture_die("port %d: %s", port, strerror(errno));
	return fd;
}

void until_status(struct plc *plc, const char *connection, const char *status, const char *words)
{
	char script[600];

	/* In one line: what is printed for people is folded. */
	snprintf(script, sizeof(script),
		 "ctl show %s | tr -s ' \\n' ' ' > shown; grep -q ' status %s' shown; "
		 "grep -q \"%s\" shown",
		 connection, status, words);
	plc_until(plc, script);
}

void until_waiting(struct plc *plc, const char *connection)
{
	until_status(plc, connection, "7001", "");
}

void until_shown(struct plc *plc, const char *connection, const char *member, const char *value)
{
	char script[300];

	snprintf(script, sizeof(script), "ctl show %s --json | grep -q '\"%s\": *%s\\b'",
		 connection, member, value);
	plc_until(plc, script);
}

unsigned plc_descriptors(const struct plc *plc)
{
	unsigned count = 0;
	char path[40];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)plc->ouc);
	dir = opendir(path);
	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count;
}

size_t plc_memory(const struct plc *plc)
{
	size_t all = 0, resident = 0;
	char path[40], *text;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)plc->ouc);
	text = file_read(path, NULL);
	if (sscanf(text, "%zu %zu", &all, &resident) != 2)
		fixture_die("%s: %s", path, text);
	free(text);
	return resident * (size_t)sysconf(_SC_PAGESIZE);
}
