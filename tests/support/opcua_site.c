#include "opcua_site.h"

#include <libgen.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ouc_site.h"

#define SERVER                                                                                     \
	"keystorectl project init; keystorectl cert create --profile opcua-server --issuer 1 "     \
	"--new-key opcua --algorithm rsa-2048 --subject CN=gateway,O=Plant --san "                 \
	"URI:" OPCUA_SITE_URI ",DNS:localhost,IP:127.0.0.1; "                                      \
	"keystorectl service create opcua-server --kind opcua-server --cert 3 --group opcua "      \
	"--uid $(id -u); "                                                                         \
	"keystorectl cert export 1 --format der --out ca.der; "                                    \
	"keystorectl crl export 1 --format der --out crl.der; "                                    \
	"keystorectl trust add opcua ca.der; "
#define CLIENT                                                                                     \
	"openssl req -new -newkey rsa:2048 -noenc -keyout client.key -subj /CN=client/O=Plant "    \
	"-addext subjectAltName=URI:" OPCUA_SITE_CLIENT                                            \
	",DNS:client.plant -out client.csr 2> /dev/null; "                                         \
	"openssl pkey -in client.key -outform DER -out client.key.der; "                           \
	"keystorectl ca sign client.csr --issuer 1 --profile opcua-client --out client.pem; "      \
	"openssl x509 -in client.pem -outform DER -out client.der; "
#define USERS                                                                                      \
	"echo '" OPCUA_SITE_PASSWORD "' > pw; keystorectl user create admin --roles "              \
	"administrator,opcua-user --password-file pw; keystorectl login admin --password-file "    \
	"pw; "                                                                                     \
	"keystorectl role set plant-operator --rights "                                            \
	"opcua-access,view,read-diagnostics,read-process-data,write-process-data; "                \
	"keystorectl role set other --rights view; "                                               \
	"keystorectl user create operator --roles plant-operator --password-file pw; "             \
	"keystorectl user create nobody --roles other --password-file pw; "

struct opcua_site opcua_site_new(const struct fixture_options *options)
{
	struct opcua_site site = {.fixture = fixture_new(options), .port = plc_port()};

	free(OPCUA_SITE(&site, "{ " SERVER CLIENT USERS "} >&2"));
	return site;
}

void opcua_site_free(struct opcua_site *site)
{
	if (site->opcua)
		(void)opcua_site_end(site, SIGKILL);
	fixture_free(site->fixture);
}

static void launch(struct opcua_site *site, const char *format, va_list arguments)
{
	const char *argv[] = {"keystore-opcua", "--config", "opcua.conf", "--socket", NULL, NULL};
	const char *top = fixture_dir(site->fixture);
	char path[4096], file[128], log[128];
	const char *environment[] = {path, NULL};
	char *more = NULL, *text = NULL;
	int len = -1;

	if (vasprintf(&more, format, arguments) >= 0)
		len = asprintf(&text,
			       "[keystore-opcua]\nEnabled = TRUE\nListen = 127.0.0.1:%d\n"
			       "HostNames = localhost\n%s\n",
			       site->port, more);
	if (len < 0)
		fixture_die("out of memory");
	snprintf(file, sizeof(file), "%s/opcua.conf", top);
	file_write(file, text, (size_t)len);
	free(text);
	free(more);
	snprintf(path, sizeof(path), "PATH=%s:%s", KEYSTORE_BIN_DIR, getenv("PATH"));
	snprintf(log, sizeof(log), "%s/opcua.log", top);
	argv[4] = fixture_socket(site->fixture);
	site->opcua = process_start(argv, top, log, environment);
}

void opcua_site_launch(struct opcua_site *site, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	launch(site, format, arguments);
	va_end(arguments);
}

void opcua_site_start(struct opcua_site *site, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	launch(site, format, arguments);
	va_end(arguments);
	opcua_site_until_said(site, "serving with certificate");
	opcua_site_until_said(site, "listens at port");
}

int opcua_site_end(struct opcua_site *site, int signal)
{
	int code = process_end(site->opcua, signal);

	site->opcua = 0;
	return code;
}

struct wait {
	struct opcua_site *site;
	const char *script;
};

static bool holds(void *user)
{
	const struct wait *wait = user;
	struct run run = fixture_sh(wait->site->fixture, "PORT=%d; " OPCUA_SITE_SHELL "%s",
				    wait->site->port, wait->script);
	bool is_true = run.exit_code == 0;

	run_free(&run);
	if (wait->site->opcua && !process_is_alive(wait->site->opcua)) {
		run = fixture_sh(wait->site->fixture, "cat opcua.log");
		fixture_die("keystore-opcua has ended while this was waited for: %s\n%s",
			    wait->script, run.out);
	}
	return is_true;
}

void opcua_site_until(struct opcua_site *site, const char *script)
{
	struct wait wait = {site, script};

	fixture_until(holds, &wait, script);
}

void opcua_site_until_said(struct opcua_site *site, const char *text)
{
	char script[512];

	snprintf(script, sizeof(script), "grep -qF '%s' opcua.log", text);
	opcua_site_until(site, script);
}
