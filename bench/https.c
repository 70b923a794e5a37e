/*
 * keystore-https's numbers: a page and a list of the API over connections that stay, beside nginx;
 * answers while handshakes wait for a TPM; memory with many connections.
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "https_site.h"
#include "processor.h"
#include "rows.h"
#include "tls_client.h"

enum { WAITING = 20, MANY = 500, CERTS = 100 };

#define LIMITS                                                                                     \
	"ConnectionsMax = 600\nConnectionsPerAddress = 600\nHandshakesMax = 600\n"                 \
	"HandshakesPerAddress = 600\nHandshakeTimeout = 60 s\n"

static const char usage[] =
	"./dev bench https [--json]\n\n"
	"A TPM, a keystored and a keystore-https, which is alone on a processor; wrk asks over\n"
	"connections with TLS 1.3 that stay. Requests of a processor are those of a second of the\n"
	"process's time, the kernel's for it included; keystored's time is not in it. nginx has a\n"
	"key in a file and the same page, uncompressed like ours.\n\n"
	"Waiting: 20 clients shake hands, one after the other, since the TPM takes 200 ms for a\n"
	"signature; latency is that of wrk's one connection, whose next request follows at once.\n";

struct load {
	double per_second, per_cpu, p50_ms, p99_ms, errors;
};

/* @process answers at @port. */
static struct load ask(struct fixture *fixture, pid_t process, int port, unsigned connections,
		       unsigned seconds, const char *path, const char *header)
{
	struct load load = {0};
	double before = cpu_seconds(process);
	char *text = fixture_sh_ok(
		fixture,
		"wrk -t1 -c%u -d%us --latency -H \"%s\" https://127.0.0.1:%d%s > wrk.out; "
		"awk 'function ms(v) { return v ~ /us$/ ? v / 1000 : v ~ /ms$/ ? v + 0 : v * 1000 "
		"} "
		"$1 == \"50%%\" { p50 = ms($2) } $1 == \"99%%\" { p99 = ms($2) } "
		"/Requests\\/sec/ { rate = $2 } / requests in / { count = $1 } "
		"/Non-2xx/ { bad += $NF } /Socket errors/ { gsub(/,/, \"\"); bad += $4 + $6 + $8 + "
		"$10 } "
		"END { print rate, count, p50, p99, bad + 0 }' wrk.out",
		connections, seconds, header, port, path);
	double count = 0;

	if (sscanf(text, "%lf %lf %lf %lf %lf", &load.per_second, &count, &load.p50_ms,
		   &load.p99_ms, &load.errors) != 5)
		fixture_die("wrk says: %s", text);
	free(text);
	load.per_cpu = count / (cpu_seconds(process) - before);
	return load;
}

static void measure_page(struct rows *rows, struct https_site *site)
{
	struct load load;

	puts("A page");
	load = ask(site->fixture, site->https, site->port, 16, 5, "/style.css", "X: y");
	rows_show(rows, "page: requests", load.per_second, "/s");
	rows_add(rows, "page: requests of a processor", load.per_cpu, "/s", ROW_AT_LEAST, 5000);
	rows_add(rows, "page: errors", load.errors, "", ROW_EXACTLY, 0);
}

/* The same page and a key of its own, in one process. */
static void measure_nginx(struct rows *rows, struct https_site *site)
{
	static const char *const argv[] = {"nginx",	 "-p", NULL,	    "-c",
					   "nginx.conf", "-e", "nginx.log", NULL};
	const char *words[sizeof(argv) / sizeof(argv[0])];
	const char *environment[] = {NULL};
	char log[256];
	pid_t nginx;

	puts("nginx");
	free(HTTPS_SITE(
		site,
		"get -o style.css https://localhost:%d/style.css; openssl req -x509 -newkey ec "
		"-pkeyopt ec_paramgen_curve:P-256 -nodes -keyout n.key -out n.pem -subj "
		"/CN=localhost "
		"2> /dev/null; mkdir tmp; printf 'master_process off; daemon off; pid nginx.pid; "
		"events { worker_connections 1024; } http { access_log off; types { text/css css; "
		"} "
		"client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; "
		"uwsgi_temp_path tmp; scgi_temp_path tmp; keepalive_requests 1000000; server { "
		"listen "
		"127.0.0.1:%d ssl; ssl_certificate n.pem; ssl_certificate_key n.key; root .; } }' "
		"> "
		"nginx.conf",
		site->port, site->plain_port));
	memcpy(words, argv, sizeof(argv));
	words[2] = fixture_dir(site->fixture);
	snprintf(log, sizeof(log), "%s/nginx.out", fixture_dir(site->fixture));
	nginx = process_start(words, fixture_dir(site->fixture), log, environment);
	free(HTTPS_SITE(site,
			"until curl -sk -o /dev/null https://localhost:%d/style.css; do :; done",
			site->plain_port));
	rows_show(rows, "page: requests of a processor: nginx",
		  ask(site->fixture, nginx, site->plain_port, 16, 5, "/style.css", "X: y").per_cpu,
		  "/s");
	(void)process_end(nginx, SIGKILL);
}

static void measure_list(struct rows *rows, struct https_site *site)
{
	struct load load;
	char header[512] = "";
	char *token;

	puts("The API");
	free(HTTPS_SITE(site,
			"for i in $(seq %d); do keystorectl cert create --profile tls-client "
			"--issuer 2 --new-key k$i --algorithm ec-p256 --subject CN=c$i; done >&2; "
			"echo correct-horse-battery-9 > pw; keystorectl user create anna --roles "
			"administrator --password-file pw >&2",
			CERTS - 3));
	token = HTTPS_SITE(
		site,
		"get -o /dev/null -D - -H 'Content-Type: application/json' -H 'Origin: "
		"https://localhost:%d' -d '{\"user\": \"anna\", \"password\": "
		"\"correct-horse-battery-9\"}' https://localhost:%d/api/v1/session | sed -n "
		"'s/^Set-Cookie: \\([^;]*\\).*/\\1/Ip' | tr -d '\\r\\n'",
		site->port, site->port);
	snprintf(header, sizeof(header), "Cookie: %.400s", token);
	free(token);
	load = ask(site->fixture, site->https, site->port, 16, 5, "/api/v1/certs?limit=100",
		   header);
	rows_show(rows, "list of 100 certificates: requests", load.per_second, "/s");
	rows_add(rows, "list of 100 certificates: requests of a processor", load.per_cpu, "/s",
		 ROW_AT_LEAST, 2000);
	rows_add(rows, "list of 100 certificates: errors", load.errors, "", ROW_EXACTLY, 0);
}

static void measure_waiting(struct rows *rows, struct https_site *site)
{
	struct tls_load *load;
	struct tls_counts counts;
	struct load waiting;
	char ca_file[256];

	puts("Handshakes");
	snprintf(ca_file, sizeof(ca_file), "%s/ca.pem", fixture_dir(site->fixture));
	/* One command of the TPM for a signature. */
	free(HTTPS_SITE(site, "keystorectl key pin web >&2"));
	fixture_proxy(site->fixture, "delay 200");
	load = tls_load_start(ca_file, site->port, WAITING);
	waiting = ask(site->fixture, site->https, site->port, 1, 6, "/index.html", "X: y");
	counts = tls_load_stop(load);
	fixture_proxy(site->fixture, "delay 0");
	rows_show(rows, "page, 20 handshakes waiting: p50", waiting.p50_ms, "ms");
	rows_add(rows, "page, 20 handshakes waiting: p99", waiting.p99_ms, "ms", ROW_AT_MOST, 10);
	rows_add(rows, "handshakes that were done meanwhile", counts.good, "", ROW_AT_LEAST,
		 WAITING);
	rows_add(rows, "handshakes that failed", counts.failed, "", ROW_EXACTLY, 0);
}

/* Each has asked once, and stays. */
static void measure_memory(struct rows *rows, struct https_site *site)
{
	char *rss;

	puts("500 connections");
	rows_show(rows, "memory before", resident_mb(site->https), "MB");
	rss = HTTPS_SITE(
		site,
		"python3 -c 'import socket, ssl, sys\n"
		"context = ssl.create_default_context(cafile=\"ca.pem\")\n"
		"held = []\n"
		"for i in range(%d):\n"
		"    one = context.wrap_socket(socket.create_connection((\"127.0.0.1\", %d)), "
		"server_hostname=\"localhost\")\n"
		"    one.sendall(b\"GET /index.html HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n\")\n"
		"    assert one.recv(16384).startswith(b\"HTTP/1.1 200\")\n"
		"    held.append(one)\n"
		"print([line for line in open(\"/proc/%d/status\") if "
		"line.startswith(\"VmRSS\")][0]"
		".split()[1])'",
		MANY, site->port, (int)site->https);
	rows_add(rows, "memory with 500 connections", atof(rss) / 1024, "MB", ROW_AT_MOST, 32);
	free(rss);
}

int main(int argc, char **argv)
{
	const struct fixture_options slow = {.with_proxy = true};
	bool as_json = argc > 1 && !strcmp(argv[1], "--json");
	struct https_site site;
	struct rows rows = {0};
	cpu_set_t before;

	if (argc > 1 && !as_json) {
		fputs(usage, stderr);
		return strcmp(argv[1], "--help") ? 2 : 0;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	site = https_site_new(&slow);
	https_site_start(&site, LIMITS);
	processor_pin(site.https, 0, &before);
	processor_pin(0, 1, &before);
	measure_page(&rows, &site);
	measure_waiting(&rows, &site);
	measure_memory(&rows, &site);
	measure_nginx(&rows, &site);
	processor_unpin(0, &before);
	measure_list(&rows, &site);
	https_site_free(&site);
	return rows_print(&rows, "https", as_json);
}
