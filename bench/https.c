/*
 * keystore-https's numbers: a page and a list of the API over connections that stay, beside nginx;
 * answers while handshakes wait for a TPM; memory with many connections.
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "https_site.h"
#include "openssl.h"
#include "processor.h"
#include "rows.h"
#include "tls_dial.h"
#include "tls_get.h"
#include "tls_load.h"

enum { CLIENTS = 16, WAITING = 20, SIGNATURE_MS = 200, MANY = 500, CERTS = 100, HEADER_MAX = 512 };

#define PAGE	  "/style.css"
#define LIST	  "/api/v1/certs?limit=100"
#define NO_HEADER "X: y"

#define LIMITS                                                                                     \
	"ConnectionsMax = 600\nConnectionsPerAddress = 600\nHandshakesMax = 600\n"                 \
	"HandshakesPerAddress = 600\nHandshakeTimeout = 60 s\n"

static const char usage[] =
	"./dev bench https [--json]\n\n"
	"A TPM, a keystored and a keystore-https, which is alone on a processor; wrk asks over\n"
	"connections with TLS 1.3 that stay. Requests of a processor are those of a second of the\n"
	"process's time, the kernel's for it included; keystored's time is not in it. nginx has\n"
	"the same key, by keystore.so, and the same page, uncompressed like ours.\n\n"
	"Waiting: a page is due every 3 ms on a connection that stays, while 20 clients wait for\n"
	"handshakes, one after the other, since the TPM takes 200 ms for a signature. Server and\n"
	"clients go before other programs meanwhile, where the system allows it.\n\n"
	"Memory is what keystore-https has resident, also when each connection has asked.\n";

struct rate {
	double per_second, per_cpu, errors;
};

/* @process answers at @port. */
static struct rate ask(struct fixture *fixture, pid_t process, int port, unsigned connections,
		       unsigned seconds, const char *path, const char *header)
{
	struct rate rate = {0};
	double before = cpu_seconds(process);
	char *text = fixture_sh_ok(
		fixture,
		"wrk -t1 -c%u -d%us -H \"%s\" https://127.0.0.1:%d%s > wrk.out; "
		"awk '/Requests\\/sec/ { rate = $2 } / requests in / { count = $1 } "
		"/Non-2xx/ { bad += $NF } /Socket errors/ { gsub(/,/, \"\"); bad += $4 + $6 + $8 + "
		"$10 } "
		"END { print rate, count, bad + 0 }' wrk.out",
		connections, seconds, header, port, path);
	double count = 0;

	if (sscanf(text, "%lf %lf %lf", &rate.per_second, &count, &rate.errors) != 3)
		fixture_die("wrk says: %s", text);
	free(text);
	rate.per_cpu = count / (cpu_seconds(process) - before);
	return rate;
}

static void measure_page(struct rows *rows, struct https_site *site)
{
	struct rate rate;

	puts("A page");
	rate = ask(site->fixture, site->https, site->port, CLIENTS, 5, PAGE, NO_HEADER);
	rows_show(rows, "page: requests", rate.per_second, "/s");
	rows_add(rows, "page: requests of a processor", rate.per_cpu, "/s", ROW_AT_LEAST, 5000);
	rows_add(rows, "page: errors", rate.errors, "", ROW_EXACTLY, 0);
}

/* Once there is a user, only who logs in may do what makes and fetches them. */
static void make_certificates(struct https_site *site)
{
	puts("Certificates");
	/* Pinned, a signature is one command of the TPM. */
	free(HTTPS_SITE(
		site,
		"{ for i in $(seq %d); do keystorectl cert create --profile tls-client "
		"--issuer 2 --new-key k$i --algorithm ec-p256 --subject CN=c$i; done; "
		"keystorectl key pin web; keystorectl key export web --reference --out n.key; "
		"keystorectl cert export %d --out n.pem; echo correct-horse-battery-9 > pw; "
		"keystorectl user create anna --roles administrator --password-file pw; } >&2",
		CERTS - HTTPS_SITE_CERT, HTTPS_SITE_CERT));
}

static void log_in(struct https_site *site, char ret_header[HEADER_MAX])
{
	char *cookie = HTTPS_SITE(
		site,
		"get -o /dev/null -D - -H 'Content-Type: application/json' -H 'Origin: "
		"https://localhost:%d' -d '{\"user\": \"anna\", \"password\": "
		"\"correct-horse-battery-9\"}' https://localhost:%d/api/v1/session | sed -n "
		"'s/^Set-Cookie: \\([^;]*\\).*/\\1/Ip' | tr -d '\\r\\n'",
		site->port, site->port);

	snprintf(ret_header, HEADER_MAX, "Cookie: %.400s", cookie);
	free(cookie);
}

static void measure_list(struct rows *rows, struct https_site *site, const char *header)
{
	struct rate rate;

	puts("The API");
	rate = ask(site->fixture, site->https, site->port, CLIENTS, 5, LIST, header);
	rows_show(rows, "list of 100 certificates: requests", rate.per_second, "/s");
	rows_add(rows, "list of 100 certificates: requests of a processor", rate.per_cpu, "/s",
		 ROW_AT_LEAST, 2000);
	rows_add(rows, "list of 100 certificates: errors", rate.errors, "", ROW_EXACTLY, 0);
}

static bool ask_page(SSL *ssl)
{
	return tls_get(ssl, PAGE, NO_HEADER);
}

/* The first thread of @process answers. */
static struct echo ask_meanwhile(pid_t process, int port, unsigned handshakes, double seconds)
{
	char place[16];
	struct echo echo;

	snprintf(place, sizeof(place), ":%d", port);
	processor_first(process, true);
	processor_first(0, true);
	echo = load_echo(place, handshakes, seconds, ask_page);
	processor_first(0, false);
	processor_first(process, false);
	return echo;
}

static void measure_waiting(struct rows *rows, struct https_site *site)
{
	struct echo idle, waiting;

	puts("Handshakes");
	idle = ask_meanwhile(site->https, site->port, 0, 2);
	fixture_proxy(site->fixture, "delay 200");
	waiting = ask_meanwhile(site->https, site->port, WAITING, 6);
	fixture_proxy(site->fixture, "delay 0");
	rows_show(rows, "page, no handshakes: p50", idle.p50_ms, "ms");
	rows_show(rows, "page, no handshakes: p99", idle.p99_ms, "ms");
	rows_show(rows, "page, 20 handshakes waiting: p50", waiting.p50_ms, "ms");
	rows_add(rows, "page, 20 handshakes waiting: p99", waiting.p99_ms, "ms", ROW_AT_MOST, 10);
	rows_add(rows, "handshakes that were done meanwhile", waiting.load.done, "", ROW_AT_LEAST,
		 WAITING);
	rows_add(rows, "handshakes that failed", waiting.load.failed, "", ROW_EXACTLY, 0);
	rows_add(rows, "the shortest of them", waiting.load.shortest * 1000, "ms", ROW_AT_LEAST,
		 SIGNATURE_MS);
}

static void ask_all(SSL *const *held, const char *path, const char *header)
{
	for (int i = 0; i < MANY; i++)
		if (!tls_get(held[i], path, header))
			fixture_die("connection %d is not answered %s", i, path);
}

static void measure_memory(struct rows *rows, struct https_site *site, const char *header)
{
	SSL_CTX *tls = tls_dial_context();
	SSL *held[MANY];
	char place[16];

	puts("500 connections");
	snprintf(place, sizeof(place), ":%d", site->port);
	rows_show(rows, "memory before", resident_mb(site->https), "MB");
	for (int i = 0; i < MANY; i++) {
		held[i] = tls_dial(tls, place);
		if (!held[i])
			tls_die("one of 500 connections");
	}
	/* A handshake's last message is the client's: that one is answered shows that all are. */
	if (!ask_page(held[MANY - 1]))
		fixture_die("the last connection is not answered");
	rows_add(rows, "memory with 500 connections", resident_mb(site->https), "MB", ROW_AT_MOST,
		 32);
	ask_all(held, PAGE, NO_HEADER);
	ask_all(held, LIST, header);
	rows_add(rows, "memory, each has asked for a page and a list", resident_mb(site->https),
		 "MB", ROW_AT_MOST, 32);
	for (int i = 0; i < MANY; i++)
		tls_hang_up(held[i]);
	SSL_CTX_free(tls);
}

/* The same key by keystore.so, and the same page, in one process. */
static pid_t start_nginx(struct https_site *site)
{
	static const char *const environment[] = {"OPENSSL_CONF=openssl.cnf", NULL};
	const char *dir = fixture_dir(site->fixture);
	const char *const words[] = {"nginx",	   "-p", dir,	      "-c",
				     "nginx.conf", "-e", "nginx.log", NULL};
	char log[256];
	pid_t nginx;

	openssl_configure(site->fixture);
	free(HTTPS_SITE(
		site,
		"get -o style.css https://localhost:%d" PAGE "; mkdir tmp; "
		"printf 'master_process off; daemon off; pid nginx.pid; "
		"events { worker_connections 1024; } http { access_log off; types { text/css css; "
		"} client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; "
		"uwsgi_temp_path tmp; scgi_temp_path tmp; keepalive_requests 1000000; server { "
		"listen 127.0.0.1:%d ssl; ssl_protocols TLSv1.3; ssl_certificate n.pem; "
		"ssl_certificate_key n.key; root .; } }' > nginx.conf",
		site->port, site->plain_port));
	snprintf(log, sizeof(log), "%s/nginx.out", dir);
	nginx = process_start(words, dir, log, environment);
	/* Trusts the CA: so the certificate, and the key, are keystored's. */
	free(HTTPS_SITE(
		site,
		"for i in $(seq 200); do ! get -o /dev/null https://localhost:%d" PAGE
		" 2> get.log || exit 0; sleep 0.05; done; cat get.log nginx.log >&2; exit 1",
		site->plain_port));
	return nginx;
}

static void measure_nginx(struct rows *rows, struct https_site *site)
{
	pid_t nginx = start_nginx(site);
	struct rate rate;
	struct echo waiting;
	cpu_set_t before;

	puts("nginx");
	processor_pin(nginx, 0, &before);
	rate = ask(site->fixture, nginx, site->plain_port, CLIENTS, 5, PAGE, NO_HEADER);
	fixture_proxy(site->fixture, "delay 200");
	waiting = ask_meanwhile(nginx, site->plain_port, WAITING, 3);
	fixture_proxy(site->fixture, "delay 0");
	rows_show(rows, "page: requests of a processor: nginx", rate.per_cpu, "/s");
	rows_show(rows, "page, 20 handshakes waiting: p99: nginx", waiting.p99_ms, "ms");
	(void)process_end(nginx, SIGKILL);
}

int main(int argc, char **argv)
{
	const struct fixture_options slow = {.with_proxy = true};
	bool as_json = argc > 1 && !strcmp(argv[1], "--json");
	struct https_site site;
	struct rows rows = {0};
	char header[HEADER_MAX];
	cpu_set_t before;

	if (argc > 1 && !as_json) {
		fputs(usage, stderr);
		return strcmp(argv[1], "--help") ? 2 : 0;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	site = https_site_new(&slow);
	https_site_start(&site, LIMITS);
	make_certificates(&site);
	log_in(&site, header);
	processor_pin(site.https, 0, &before);
	processor_pin(0, 1, &before);
	measure_memory(&rows, &site, header);
	measure_page(&rows, &site);
	measure_list(&rows, &site, header);
	measure_waiting(&rows, &site);
	measure_nginx(&rows, &site);
	processor_unpin(0, &before);
	https_site_free(&site);
	return rows_print(&rows, "https", as_json);
}
