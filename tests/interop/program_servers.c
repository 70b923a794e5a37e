/* Apache, HAProxy, lighttpd and stunnel with docs/openssl.md's configuration. */
#include <criterion/criterion.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"
#include "tls_client.h"

static const char *const kinds[] = {"ec", "rsa"};

static void write_file(const struct program *program, const char *name, const char *text)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", fixture_dir(program->fixture), name);
	file_write(path, text, strlen(text));
}

/* One server with both certificates. */
static void serves_both_kinds(struct program *program)
{
	for (int i = 0; i < 4; i++)
		program_shakes_hands(program, i / 2 ? "1.3" : "1.2", kinds[i % 2]);
}

/* All of what @clients ask at once is answered. */
static void bears_a_load(struct program *program, unsigned clients, unsigned requests);

/* --- Apache --- */

/* What Debian's apache2.conf and a2enmod ssl have. */
#define APACHE_CONF                                                                                \
	"ServerName localhost\nPidFile apache.pid\nErrorLog error.log\n"                           \
	"User www-data\nGroup www-data\n"                                                          \
	"LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so\n"                  \
	"LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so\n"                \
	"LoadModule socache_shmcb_module /usr/lib/apache2/modules/mod_socache_shmcb.so\n"          \
	"LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so\n"                              \
	"LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so\n"                              \
	"DocumentRoot www\nDefaultRuntimeDir .\n"                                                  \
	"Include site.conf\n"

Test(program_servers, apache_serves_each_version_and_key)
{
	struct program program;

	program_init(&program);
	free(program_run(&program, "Apache", "sh"));
	free(fixture_sh_ok(program.fixture, "mkdir www; echo hello > www/index.html"));
	program_write(&program, "Apache", "apache", "site.conf");
	write_file(&program, "apache.conf", APACHE_CONF);
	program_start(&program, "apache2 -d $PWD -f $PWD/apache.conf -DFOREGROUND");
	serves_both_kinds(&program);
	bears_a_load(&program, 8, 100);
	program_free(&program);
}

/* --- HAProxy --- */

static void haproxy_start(struct program *program)
{
	free(program_run(program, "HAProxy", "sh"));
	program_write(program, "HAProxy", "haproxy", "haproxy.cfg");
}

Test(program_servers, haproxy_serves_each_version_and_key)
{
	struct program program;

	program_init(&program);
	haproxy_start(&program);
	program_start(&program, "haproxy -db -f haproxy.cfg");
	serves_both_kinds(&program);
	bears_a_load(&program, 8, 200);
	program_free(&program);
}

Test(program_servers, haproxy_with_async_jobs_serves_each_version_and_key)
{
	struct program program;

	program_init(&program);
	haproxy_start(&program);
	program_write(&program, "HAProxy", "haproxy async", "async.cfg");
	free(fixture_sh_ok(program.fixture, "sed -i '/^global$/r async.cfg' haproxy.cfg"));
	program_start(&program, "haproxy -db -f haproxy.cfg");
	serves_both_kinds(&program);
	bears_a_load(&program, 16, 500);
	program_free(&program);
}

/* It forbids itself threads: no job pauses, and every handshake is done all the same. */
Test(program_servers, haproxy_with_async_jobs_that_cannot_pause)
{
	struct program program;

	program_init(&program);
	haproxy_start(&program);
	free(fixture_sh_ok(program.fixture,
			   "sed -i 's/^global$/global\\n\\tssl-mode-async/' haproxy.cfg"));
	program_start(&program, "haproxy -db -f haproxy.cfg");
	serves_both_kinds(&program);
	bears_a_load(&program, 8, 200);
	/* Handshakes that fail must not kill it: it closes what it was told to wait for. */
	cr_assert_eq(fixture_service_stop(program.fixture), 0);
	cr_expect_eq(tls_request(NULL, program.ports[PORT_TLS]).failed, 1);
	fixture_service_start(program.fixture);
	fixture_service_wait(program.fixture);
	serves_both_kinds(&program);
	program_free(&program);
}

/* --- lighttpd --- */

Test(program_servers, lighttpd_serves_each_version_and_key)
{
	for (int i = 0; i < 2; i++) {
		struct program program;
		char conf[400];

		program_init(&program);
		program.kind = kinds[i];
		free(program_run(&program, "lighttpd", "sh"));
		free(fixture_sh_ok(program.fixture, "mkdir www; echo hello > www/index.html"));
		program_write(&program, "lighttpd", "lighttpd", "site.conf");
		snprintf(conf, sizeof(conf),
			 "server.document-root = \"%s/www\"\nserver.username = \"www-data\"\n"
			 "server.groupname = \"www-data\"\nserver.bind = \"127.0.0.1\"\n"
			 "server.port = %d\nindex-file.names = (\"index.html\")\n"
			 "include \"site.conf\"\n",
			 fixture_dir(program.fixture), program.ports[PORT_OTHER]);
		write_file(&program, "lighttpd.conf", conf);
		program_start(&program, "lighttpd -D -f lighttpd.conf");
		program_shakes_hands_by_each_version(&program);
		bears_a_load(&program, 4, 50);
		program_free(&program);
	}
}

/* --- stunnel --- */

/* The server without TLS that stunnel serves. */
static pid_t start_backend(const struct program *program)
{
	const char *argv[] = {"python3", "-m", "http.server", "--bind", "127.0.0.1", NULL, NULL};
	char port[16], dir[200], log[200];

	snprintf(port, sizeof(port), "%d", program->ports[PORT_BACKEND]);
	snprintf(dir, sizeof(dir), "%s/www", fixture_dir(program->fixture));
	snprintf(log, sizeof(log), "%s/www.log", fixture_dir(program->fixture));
	argv[5] = port;
	return process_start(argv, dir, log, NULL);
}

static void through_stunnel(const char *kind, const char *client_options)
{
	struct program program;
	char *answer;
	pid_t backend;

	program_init(&program);
	program.kind = kind;
	program.client_options = client_options;
	free(program_run(&program, "stunnel", "sh"));
	program_write(&program, "stunnel", "stunnel", "site.conf");
	/* In the foreground; its user may not write files here. */
	free(fixture_sh_ok(program.fixture,
			   "{ printf 'foreground = yes\\npid =\\nsyslog = no\\n'; cat site.conf; } "
			   "> stunnel.conf; mkdir www; echo hello > www/index.html"));
	backend = start_backend(&program);
	program_start_at(&program, "stunnel4 stunnel.conf", PORT_CLIENT);
	/* Through both: the client's certificate, and the server's. */
	answer = fixture_sh_ok(program.fixture,
			       "curl -sS --retry 50 --retry-connrefused --retry-all-errors "
			       "--retry-delay 1 --retry-max-time 20 http://127.0.0.1:%d/",
			       program.ports[PORT_CLIENT]);
	cr_expect_str_eq(answer, "hello\n");
	free(answer);
	program_shakes_hands_by_each_version(&program);
	process_end(backend, SIGKILL);
	program_free(&program);
}

Test(program_servers, stunnel_serves_and_asks_with_each_key)
{
	through_stunnel("ec", "-cert panel-ec.pem -key panel-ec.key");
	through_stunnel("rsa", "-cert panel-rsa.pem -key panel-rsa.key");
}

/* --- a load --- */

struct goal {
	struct tls_load *load;
	unsigned requests;
};

static bool is_reached(void *user)
{
	const struct goal *goal = user;
	struct tls_counts counts = tls_load_counts(goal->load);

	return counts.good + counts.failed >= goal->requests;
}

static void bears_a_load(struct program *program, unsigned clients, unsigned requests)
{
	struct goal goal = {.requests = requests};
	struct tls_counts counts;
	char ca_file[200];

	snprintf(ca_file, sizeof(ca_file), "%s/ca.pem", fixture_dir(program->fixture));
	goal.load = tls_load_start(ca_file, program->ports[PORT_TLS], clients);
	fixture_until(is_reached, &goal, "the requests' answers");
	counts = tls_load_stop(goal.load);
	cr_expect_eq(counts.failed, 0, "%u of %u failed: %s", counts.failed,
		     counts.good + counts.failed, counts.fault);
}
