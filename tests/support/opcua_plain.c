#include "opcua_plain.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "ouc_site.h"

#define WORDS_MAX 32

struct opcua_plain opcua_plain_new(void)
{
	struct opcua_plain plain = {.fixture = fixture_new(NULL), .port = plc_port()};

	OPCUA_PLAIN(&plain,
		    "keystorectl project init; "
		    "keystorectl cert create --profile opcua-client --issuer 1 --new-key ua-client "
		    "--algorithm rsa-2048 --subject CN=gateway,O=Plant --san "
		    "URI:urn:plant:gateway:client,DNS:localhost; "
		    "keystorectl service create opcua-client --kind opcua-client --cert 3 --group "
		    "opcua "
		    "--uid $(id -u); "
		    "keystorectl cert export 1 --format der --out ca.der; "
		    "keystorectl crl export 1 --format der --out crl.der; "
		    "openssl req -new -newkey rsa:2048 -noenc -keyout server.key -subj "
		    "/CN=plain/O=Plant "
		    "-addext subjectAltName=URI:" OPCUA_PLAIN_URI ",DNS:localhost -out server.csr "
		    "2> /dev/null; "
		    "openssl pkey -in server.key -outform DER -out server.key.der; "
		    "keystorectl ca sign server.csr --issuer 1 --profile opcua-server --out "
		    "server.pem; "
		    "openssl x509 -in server.pem -outform DER -out server.der");
	return plain;
}

static bool is_ready(void *user)
{
	struct opcua_plain *plain = user;
	struct run run = fixture_sh(plain->fixture, "grep -qx ready server.log");
	bool is_true = run.exit_code == 0;

	run_free(&run);
	if (!process_is_alive(plain->server)) {
		run = fixture_sh(plain->fixture, "cat server.log");
		fixture_die("opcua-plain_server has ended\n%s", run.out);
	}
	return is_true;
}

void opcua_plain_start(struct opcua_plain *plain, const char *options)
{
	char path[4096], log[256], port[16], words[1024];
	const char *argv[WORDS_MAX + 1] = {"opcua-plain_server", port};
	const char *environment[] = {path, NULL};
	size_t count = 2;

	snprintf(port, sizeof(port), "%d", plain->port);
	snprintf(words, sizeof(words), "%s", options);
	for (char *save = NULL, *word = strtok_r(words, " ", &save); word && count < WORDS_MAX;
	     word = strtok_r(NULL, " ", &save))
		argv[count++] = word;
	snprintf(path, sizeof(path), "PATH=%s:%s", KEYSTORE_BIN_DIR, getenv("PATH"));
	snprintf(log, sizeof(log), "%s/server.log", fixture_dir(plain->fixture));
	remove(log);
	plain->server = process_start(argv, fixture_dir(plain->fixture), log, environment);
	fixture_until(is_ready, plain, "the server's \"ready\"");
}

void opcua_plain_end(struct opcua_plain *plain)
{
	int code = process_end(plain->server, SIGTERM);

	plain->server = 0;
	if (code)
		fixture_die("opcua-plain_server has ended with %d", code);
}

void opcua_plain_free(struct opcua_plain *plain)
{
	if (plain->server)
		(void)process_end(plain->server, SIGKILL);
	fixture_free(plain->fixture);
}
