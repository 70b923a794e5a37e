/* mosquitto, curl, Python, Node and OpenSSL's commands as docs/openssl.md has them: each way round. */
#include <criterion/criterion.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nginx.h"
#include "program.h"

static const char *const kinds[] = {"ec", "rsa"};
static const char *const certificates[] = {"-cert panel-ec.pem -key panel-ec.key",
					   "-cert panel-rsa.pem -key panel-rsa.key"};

static void prepare(struct program *program, int i)
{
	program_init(program);
	program->kind = kinds[i];
	program->client_options = certificates[i];
}

static void run_prints(struct program *program, const char *heading, const char *language,
		       const char *expected)
{
	char *printed = program_run(program, heading, language);

	cr_expect(strstr(printed, expected), "%s", printed);
	free(printed);
}

/* --- mosquitto --- */

Test(program_clients, mosquitto_passes_a_message_on)
{
	for (int i = 0; i < 2; i++) {
		struct program program;

		prepare(&program, i);
		free(program_run(&program, "mosquitto", "sh"));
		program_write(&program, "mosquitto", "mosquitto", "mosquitto.conf");
		program_start(&program, "mosquitto -c mosquitto.conf");
		run_prints(&program, "mosquitto", "sh clients", "running\n");
		program_shakes_hands_by_each_version(&program);
		program_free(&program);
	}
}

/* --- curl --- */

Test(program_clients, curl_shows_its_certificate)
{
	struct program program;
	char *printed;

	program_init(&program);
	nginx_start(&program);
	printed = program_run(&program, "curl", "sh");
	cr_expect_str_eq(printed, "O=Plant North,CN=panel\nO=Plant North,CN=panel\n");
	free(printed);
	/* Without one it is not let in. */
	free(fixture_sh_ok(program.fixture,
			   "test $(curl -s -o /dev/null -w '%%{http_code}' --cacert ca.pem "
			   "https://127.0.0.1:%d/operator) = 403",
			   program.ports[PORT_TLS]));
	program_free(&program);
}

/* --- Python and Node --- */

/* A server and a client with a certificate; @names: of the page's blocks. */
static void greets(const char *heading, const char *language, const char *interpreter,
		   const char *expected)
{
	for (int i = 0; i < 2; i++) {
		struct program program;
		char fence[40], command[100], *printed;

		prepare(&program, i);
		snprintf(fence, sizeof(fence), "%s server", language);
		program_write(&program, heading, fence, "server");
		snprintf(fence, sizeof(fence), "%s client", language);
		program_write(&program, heading, fence, "client");
		snprintf(command, sizeof(command), "%s server", interpreter);
		program_start(&program, command);
		program_shakes_hands_by_each_version(&program);
		printed = fixture_sh_ok(program.fixture, "OPENSSL_CONF=$PWD/openssl.cnf %s client",
					interpreter);
		cr_expect(strstr(printed, expected), "%s", printed);
		free(printed);
		program_free(&program);
	}
}

Test(program_clients, python_serves_and_asks)
{
	greets("Python", "python", "python3", "(('commonName', 'panel'),)");
}

Test(program_clients, node_serves_and_asks)
{
	greets("Node", "js", "node --openssl-shared-config", "plc-1 greets panel\n");
}

/* --- openssl --- */

Test(program_clients, openssl_makes_requests_certificates_and_messages)
{
	struct program program;

	program_init(&program);
	run_prints(&program, "openssl", "sh", "line 1 may start");
	free(fixture_sh_ok(program.fixture, "openssl req -in plc-1.csr -verify -noout && "
					    "openssl verify -CAfile own.pem issued.pem"));
	program_free(&program);
}

Test(program_clients, openssl_serves_and_asks)
{
	for (int i = 0; i < 2; i++) {
		struct program program;
		char *command;

		prepare(&program, i);
		command = program_lines(&program, "openssl", "sh server");
		program_start(&program, command);
		free(command);
		program_shakes_hands_by_each_version(&program);
		run_prints(&program, "openssl", "sh client", "Verification: OK");
		program_free(&program);
	}
}

/* The CA is OpenSSL's mock server, which always gives the same certificate. */
Test(program_clients, openssl_enrols_by_cmp)
{
	for (int i = 0; i < 2; i++) {
		struct program program;
		char command[400];

		prepare(&program, i);
		free(fixture_sh_ok(
			program.fixture,
			"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
			"-keyout cmp-ca.key -subj /CN=CA -days 2 -out cmp-ca.pem; "
			"OPENSSL_CONF=openssl.cnf openssl req -new -key web-%s.key -subj "
			"'/O=Plant North/CN=plc-1' -out cmp.csr; "
			"openssl x509 -req -in cmp.csr -CA cmp-ca.pem -CAkey cmp-ca.key "
			"-CAcreateserial -days 1 -out cmp-answer.pem",
			kinds[i]));
		snprintf(command, sizeof(command),
			 "openssl cmp -config '' -port %d -srv_ref 1234 -srv_secret pass:test "
			 "-srv_cert cmp-ca.pem -srv_key cmp-ca.key -srv_trusted cmp-ca.pem "
			 "-rsp_cert cmp-answer.pem",
			 program.ports[PORT_BACKEND]);
		program_start_at(&program, command, PORT_BACKEND);
		free(program_run(&program, "openssl", "sh cmp"));
		free(fixture_sh_ok(program.fixture,
				   "for f in cmp-ir cmp-kur; do openssl verify -CAfile cmp-ca.pem "
				   "$f.pem || exit; done"));
		program_free(&program);
	}
}
