#include "tls_site.h"

#include <ctype.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "openssl.h"
#include "tls_dial.h"
#include "tls_load.h"

enum { VARIABLES = 6, WHY_MAX = 200 };

/* Shell, run in the fixture's directory with K and the NAME=VALUE that the server has. */
static const char make_file[] =
	"case $K in ec*) a='EC -pkeyopt ec_paramgen_curve:P-256';; "
	"*) a='RSA -pkeyopt rsa_keygen_bits:2048';; esac; "
	"openssl genpkey -algorithm $a -out $N.key && openssl req -x509 -new -key $N.key "
	"-subj /CN=bench -out $N.crt";
static const char make_reference[] =
	"{ keystorectl key show $K || { keystorectl key create $K --algorithm $K && "
	"keystorectl key pin $K; }; } && keystorectl key export $K --reference --out $N.key && "
	"openssl req -x509 -new -key $N.key -subj /CN=bench -out $N.crt";
static const char make_tss2[] = "keystorectl key create $K --algorithm $K && "
				"keystorectl key export $K --tss2 --out $N.key";
/* A provider from Debian 13 on, an engine before. */
static const char make_token[] =
	"modules=$(openssl version -m | sed 's/.*\"\\(.*\\)\"/\\1/'); "
	"token=${modules%/*}/pkcs11/libtpm2_pkcs11.so; "
	"if [ -e $modules/pkcs11.so ]; then printf '%s\\n' "
	"'openssl_conf = init' '[init]' 'providers = providers' '[providers]' "
	"'default = default_one' 'pkcs11 = pkcs11' '[default_one]' 'activate = 1' '[pkcs11]' "
	"'activate = 1' \"pkcs11-module-path = $token\" 'pkcs11-module-token-pin = user'; "
	"else printf '%s\\n' 'openssl_conf = init' '[init]' 'engines = engines' '[engines]' "
	"'pkcs11 = pkcs11' '[pkcs11]' 'engine_id = pkcs11' \"MODULE_PATH = $token\" "
	"'PIN = user' 'init = 0'; fi > pkcs11.cnf; mkdir -p token && { tpm2_ptool init && "
	"tpm2_ptool addtoken --pid=1 --label=bench --sopin=so --userpin=user && "
	"case $K in ec*) a=ecc256;; *) a=rsa2048;; esac && tpm2_ptool addkey --label=bench "
	"--key-label=$K --userpin=user --algorithm=$a; } > token.log";
static const char start_abrmd[] = "for i in $(seq 200); do tpm2_getrandom 4 >abrmd-answer 2>&1 "
				  "&& exit; sleep 0.05; done; exit 1";

/* Its digests stay with OpenSSL: with the TPM's it makes three handshakes a second, or none. */
#define TPM2_CNF                                                                                   \
	"openssl_conf = init\n[init]\nproviders = providers\nalg_section = algorithms\n"           \
	"[providers]\ndefault = default_one\ntpm2 = tpm2\n[default_one]\nactivate = 1\n"           \
	"[tpm2]\nactivate = 1\n"                                                                   \
	"[algorithms]\ndefault_properties = ?provider=tpm2,tpm2.digest!=yes\n"

#define BUS_CONF                                                                                   \
	"<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" "      \
	"\"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\"><busconfig>"              \
	"<type>session</type><listen>unix:path=%s/bus</listen><policy context=\"default\">"        \
	"<allow send_destination=\"*\"/><allow receive_sender=\"*\"/><allow own=\"*\"/>"           \
	"</policy></busconfig>\n"

/* Handshakes alone: no resumption, no logs. The user is who the service knows. */
#define NGINX_CONF                                                                                 \
	"daemon off; worker_processes 2; user %s; pid %s.pid; error_log %s.log;\n"                 \
	"events { worker_connections 512; }\n"                                                     \
	"http { access_log off; client_body_temp_path %s.body; proxy_temp_path %s.proxy;\n"        \
	"fastcgi_temp_path %s.fastcgi; uwsgi_temp_path %s.uwsgi; scgi_temp_path %s.scgi;\n"        \
	"server { listen unix:%s ssl; ssl_protocols TLSv1.3; ssl_certificate %s.crt;\n"            \
	"ssl_certificate_key %s.key; ssl_session_tickets off; ssl_session_cache off; } }\n"

static const struct kind {
	const char *name;
	const char *make_key;
	const char *openssl_conf; /* in the fixture's directory */
	bool is_ours;
	bool is_sync;
	bool is_nginx;
	bool has_abrmd;
	bool has_token; /* the key has a URI, not a file */
} kinds[] = {
	[SITE_FILE] = {"file", make_file, "/dev/null", .is_ours = true},
	[SITE_KEYSTORE] = {"keystore.so", make_reference, "openssl.cnf", .is_ours = true},
	[SITE_KEYSTORE_SYNC] = {"keystore.so, without async", make_reference, "openssl.cnf",
				.is_ours = true, .is_sync = true},
	[SITE_TPM2] = {"tpm2 provider", make_tss2, "tpm2.cnf"},
	[SITE_TPM2_ABRMD] = {"tpm2 provider, tpm2-abrmd", make_tss2, "tpm2.cnf", .has_abrmd = true},
	[SITE_PKCS11] = {"tpm2-pkcs11, tpm2-abrmd", make_token, "pkcs11.cnf", .has_abrmd = true,
			 .has_token = true},
	[SITE_NGINX_FILE] = {"nginx, file", make_file, "/dev/null", .is_ours = true,
			     .is_nginx = true},
	[SITE_NGINX_KEYSTORE] = {"nginx, keystore.so", make_reference, "openssl.cnf",
				 .is_ours = true, .is_nginx = true},
};

struct site {
	const struct kind *kind;
	struct fixture *fixture;
	const char *algorithm;
	char name[64]; /* of its files, without extension */
	char path[108];
	char *variables[VARIABLES + 1];
	char why_not[WHY_MAX];
	pid_t server;
	pid_t bus;
	pid_t abrmd;
};

bool site_kind_is_ours(enum site_kind kind)
{
	return kinds[kind].is_ours;
}

const char *site_kind_name(enum site_kind kind)
{
	return kinds[kind].name;
}

const char *site_why_not(const struct site *site)
{
	return *site->why_not ? site->why_not : NULL;
}

const char *site_path(const struct site *site)
{
	return site->path;
}

pid_t site_server_pid(const struct site *site)
{
	return site->server;
}

__attribute__((format(printf, 1, 2))) static char *text(const char *format, ...)
{
	va_list arguments;
	char *made = NULL;

	va_start(arguments, format);
	if (vasprintf(&made, format, arguments) < 0)
		abort();
	va_end(arguments);
	return made;
}

/* Takes @content. */
static void write_file(const struct site *site, const char *name, char *content)
{
	char *path = text("%s/%s", fixture_dir(site->fixture), name);

	file_write(path, content, strlen(content));
	free(path);
	free(content);
}

/* @what and the last line of @words, fit for the table and for JSON. */
static void give_up(struct site *site, const char *what, const char *words)
{
	const char *line = words;

	for (const char *at = words; *at; at++)
		if (*at == '\n' && at[1] && at[1] != '\n')
			line = at + 1;
	snprintf(site->why_not, sizeof(site->why_not), "%s: %s", what, line);
	for (char *at = site->why_not; *at; at++)
		if (iscntrl((unsigned char)*at) || *at == '"' || *at == '\\')
			*at = ' ';
}

static void make_variables(struct site *site)
{
	const char *dir = fixture_dir(site->fixture);
	const char *tcti =
		site->kind->has_abrmd ? "tabrmd:bus_type=session" : fixture_tcti(site->fixture);

	site->variables[0] = text("OPENSSL_CONF=%s", site->kind->openssl_conf);
	site->variables[1] = text("TPM2OPENSSL_TCTI=%s", tcti);
	site->variables[2] = text("TPM2_PKCS11_TCTI=%s", tcti);
	site->variables[3] = text("TPM2_PKCS11_STORE=%s/token", dir);
	site->variables[4] = text("TPM2TOOLS_TCTI=%s", tcti);
	site->variables[5] = text("DBUS_SESSION_BUS_ADDRESS=unix:path=%s/bus", dir);
}

/* False: told why not. */
static bool run_script(struct site *site, const char *what, const char *script)
{
	char **v = site->variables;
	struct run run =
		fixture_sh(site->fixture, "export K=%s N=%s %s %s %s %s %s %s; %s", site->algorithm,
			   site->name, v[0], v[1], v[2], v[3], v[4], v[5], script);
	bool is_done = run.exit_code == 0;

	if (!is_done)
		give_up(site, what, run.err);
	run_free(&run);
	return is_done;
}

static pid_t start(struct site *site, const char *const *argv, const char *log)
{
	char *path = text("%s/%s", fixture_dir(site->fixture), log);
	pid_t pid = process_start(argv, fixture_dir(site->fixture), path,
				  (const char *const *)site->variables);

	free(path);
	return pid;
}

/* A resource manager on a D-Bus of its own. */
static bool abrmd_start(struct site *site)
{
	char *tcti = text("--tcti=%s", fixture_tcti(site->fixture));
	const char *bus[] = {"dbus-daemon", "--config-file=bus.conf", "--nofork", "--nopidfile",
			     NULL};
	const char *abrmd[] = {"tpm2-abrmd",
			       "--session",
			       "--flush-all",
			       tcti,
			       geteuid() == 0 ? "--allow-root" : NULL,
			       NULL};

	write_file(site, "bus.conf", text(BUS_CONF, fixture_dir(site->fixture)));
	site->bus = start(site, bus, "bus.log");
	if (!run_script(site, "dbus-daemon",
			"for i in $(seq 200); do [ ! -S bus ] || exit 0; "
			"sleep 0.05; done; tail -n 1 bus.log >&2; exit 1")) {
		free(tcti);
		return false;
	}
	site->abrmd = start(site, abrmd, "abrmd.log");
	free(tcti);
	return run_script(site, "tpm2-abrmd", start_abrmd);
}

static bool key_make(struct site *site)
{
	const struct kind *kind = site->kind;

	openssl_configure(site->fixture);
	if (!kind->is_ours)
		write_file(site, "tpm2.cnf", text(TPM2_CNF));
	if (!kind->has_token && !run_script(site, "making the key", kind->make_key))
		return false;
	if (kind->is_ours)
		return true;
	/* The TPM has three slots, and what the service keeps in them it would miss. */
	fixture_service_stop(site->fixture);
	free(fixture_sh_ok(site->fixture, "tpm2_flushcontext -t"));
	if (kind->has_abrmd && !abrmd_start(site))
		return false;
	return !kind->has_token || run_script(site, "making the key", kind->make_key);
}

static void nginx_configure(struct site *site, const char *conf)
{
	const struct passwd *user = getpwuid(geteuid());
	const char *n = site->name;

	write_file(site, conf,
		   text(NGINX_CONF, user ? user->pw_name : "root", n, n, n, n, n, n, n, site->path,
			n, n));
}

static void server_start(struct site *site)
{
	const char *dir = fixture_dir(site->fixture);
	char *key = site->kind->has_token
			    ? text("pkcs11:token=bench;object=%s;type=private", site->algorithm)
			    : text("%s.key", site->name);
	char *conf = text("%s.conf", site->name);
	char *log = text("%s.log", site->name);
	const char *nginx[] = {"nginx", "-p", dir, "-c", conf, "-e", log, NULL};
	const char *own[] = {BENCH_TLS_SERVER, site->path, key,
			     site->kind->is_sync ? "--sync" : NULL, NULL};

	if (site->kind->is_nginx)
		nginx_configure(site, conf);
	site->server = start(site, site->kind->is_nginx ? nginx : own, log);
	free(key);
	free(conf);
	free(log);
}

/* That the socket is there does not mean yet that somebody listens. */
static bool is_settled(void *user)
{
	struct site *site = user;

	return !process_is_alive(site->server) || tls_is_listening(site->path);
}

static void server_check(struct site *site)
{
	char *log = text("%s/%s.log", fixture_dir(site->fixture), site->name);
	char *words;

	fixture_until(is_settled, site, "a TLS server");
	if (load_run(site->path, 1, 0.1).done == 0) {
		words = file_read(log, NULL);
		give_up(site, "no handshake succeeds", words);
		free(words);
	}
	free(log);
}

struct site *site_new(struct fixture *fixture, enum site_kind kind, const char *algorithm)
{
	struct site *site = calloc(1, sizeof(*site));

	if (!site)
		abort();
	site->kind = &kinds[kind];
	site->fixture = fixture;
	site->algorithm = algorithm;
	snprintf(site->name, sizeof(site->name), "site-%d-%s", (int)kind, algorithm);
	snprintf(site->path, sizeof(site->path), "%s/%s.sock", fixture_dir(fixture), site->name);
	make_variables(site);
	if (key_make(site)) {
		server_start(site);
		server_check(site);
	}
	return site;
}

void site_free(struct site *site)
{
	if (!site)
		return;
	if (site->server)
		process_end(site->server, SIGTERM);
	if (site->abrmd)
		process_end(site->abrmd, SIGTERM);
	if (site->bus)
		process_end(site->bus, SIGTERM);
	for (size_t i = 0; i < VARIABLES; i++)
		free(site->variables[i]);
	free(site);
}
