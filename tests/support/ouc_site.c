#include "ouc_site.h"

#include <arpa/inet.h>
#include <libgen.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct plc plc_new_with(const char *name, const struct fixture_options *options)
{
	struct plc plc = {.fixture = fixture_new(options), .name = name};

	PLC(&plc,
	    "{ keystorectl project init; keystorectl cert create --profile tls-client-server "
	    "--issuer 2 --new-key %s --algorithm ec-p256 --subject CN=%s --san "
	    "DNS:%s.plant,DNS:localhost,IP:127.0.0.1,IP:::1; "
	    "keystorectl key allow %s --uid $(id -u) --operations sign; } >&2",
	    name, name, name, name);
	return plc;
}

struct plc plc_new(const char *name)
{
	return plc_new_with(name, NULL);
}

void plc_free(struct plc *plc)
{
	if (plc->ouc)
		(void)plc_end(plc, SIGKILL);
	fixture_free(plc->fixture);
}

void plc_trust(struct plc *plc, struct plc *other)
{
	PLC(other, "keystorectl cert export 2 > ca.pem; keystorectl crl export 2 > ca.crl");
	PLC(plc, "cat %s/ca.pem %s/ca.crl > partner.pem; keystorectl trust add ouc partner.pem >&2",
	    fixture_dir(other->fixture), fixture_dir(other->fixture));
}

void plc_start_again(struct plc *plc)
{
	const char *argv[] = {
		"keystore-ouc", "--config", "ouc.conf", "--socket", fixture_socket(plc->fixture),
		"--runtime",	NULL,	    NULL};
	char module[] = KEYSTORE_MODULE;
	char path[4096], modules[512], runtime[128], log[128];
	const char *environment[] = {path, modules, NULL};
	const char *top = fixture_dir(plc->fixture);

	snprintf(path, sizeof(path), "PATH=%s:%s", KEYSTORE_BIN_DIR, getenv("PATH"));
	snprintf(modules, sizeof(modules), "OPENSSL_MODULES=%s", dirname(module));
	snprintf(runtime, sizeof(runtime), "%s/run", top);
	snprintf(log, sizeof(log), "%s/ouc.log", top);
	argv[6] = runtime;
	PLC(plc, "mkdir -p run");
	plc->ouc = process_start(argv, top, log, environment);
	plc_until(plc, "ctl list > /dev/null 2>&1");
}

void plc_start(struct plc *plc, const char *format, ...)
{
	char path[256];
	char *text = NULL;
	va_list arguments;
	int len;

	va_start(arguments, format);
	len = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (len < 0)
		fixture_die("out of memory");
	snprintf(path, sizeof(path), "%s/ouc.conf", fixture_dir(plc->fixture));
	file_write(path, text, (size_t)len);
	free(text);
	plc_start_again(plc);
}

int plc_end(struct plc *plc, int signal)
{
	int code = process_end(plc->ouc, signal);

	plc->ouc = 0;
	return code;
}

struct wait {
	struct plc *plc;
	const char *script;
};

static bool holds(void *user)
{
	const struct wait *wait = user;
	struct run run = fixture_sh(wait->plc->fixture, PLC_SHELL "%s", wait->script);
	bool is_true = run.exit_code == 0;

	run_free(&run);
	if (wait->plc->ouc && !process_is_alive(wait->plc->ouc)) {
		run = fixture_sh(wait->plc->fixture, "cat ouc.log");
		fixture_die("keystore-ouc has ended while this was waited for: %s\n%s",
			    wait->script, run.out);
	}
	return is_true;
}

void plc_until(struct plc *plc, const char *script)
{
	struct wait wait = {plc, script};

	fixture_until(holds, &wait, script);
}

int plc_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(address);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) < 0)
		fixture_die("there is no free port");
	close(fd);
	return ntohs(address.sin_port);
}
