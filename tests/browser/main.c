/*
 * browser-site NAME: a gateway with web pages, and NAME.mjs as the person at its browser. The exit
 * code is the script's; 77, which ctest takes for skipped, where there is no browser.
 *
 * What only the parent of the gateway's processes can do the script orders by a socket, a line each,
 * answered by "ok": keystored kill, keystored start; https kill, https start, https start asking (for
 * certificates); ouc start, ouc kill.
 */
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "https_site.h"
#include "ouc_site.h"

#define SKIPPED	  77
#define POLL_MS	  100
#define ORDER_MAX 64
#define SOURCE	  KEYSTORE_SOURCE_DIR "/tests/browser"
#define PACKAGES  KEYSTORE_SOURCE_DIR "/build/browser"
#define HTTPS_CONF                                                                                 \
	"Name = Gateway 7\nLocation = Hall 3, packaging line\n"                                    \
	"DataImages = %s/run\nDataControl = %s/run/control.sock"

struct stage {
	struct https_site site;
	struct plc plc; /* the same gateway; its fixture is the site's */
};

static void keystored_kill(struct stage *stage)
{
	fixture_service_kill(stage->site.fixture);
}

static void keystored_start(struct stage *stage)
{
	fixture_service_start(stage->site.fixture);
	fixture_service_wait(stage->site.fixture);
}

static void https_kill(struct stage *stage)
{
	(void)https_site_end(&stage->site, SIGKILL);
}

static void https_start(struct stage *stage)
{
	const char *dir = fixture_dir(stage->site.fixture);

	https_site_start(&stage->site, HTTPS_CONF, dir, dir);
}

static void https_start_asking(struct stage *stage)
{
	const char *dir = fixture_dir(stage->site.fixture);

	https_site_start(&stage->site, HTTPS_CONF "\nClientCertificate = optional", dir, dir);
}

static void ouc_start(struct stage *stage)
{
	plc_start_again(&stage->plc);
}

static void ouc_kill(struct stage *stage)
{
	(void)plc_end(&stage->plc, SIGKILL);
}

static const struct order {
	const char *line;
	void (*run)(struct stage *stage);
} orders[] = {
	{"keystored kill", keystored_kill},
	{"keystored start", keystored_start},
	{"https kill", https_kill},
	{"https start", https_start},
	{"https start asking", https_start_asking},
	{"ouc start", ouc_start},
	{"ouc kill", ouc_kill},
};

static void obey(struct stage *stage, char *line)
{
	line[strcspn(line, "\n")] = '\0';
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		if (strcmp(line, orders[i].line) == 0) {
			orders[i].run(stage);
			return;
		}
	}
	fixture_die("there is no order \"%s\"", line);
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 1) < 0)
		fixture_die("%s: cannot listen", path);
	return fd;
}

/* One order for each connection, as long as the script runs. */
static void serve(struct stage *stage, int fd, pid_t script)
{
	while (process_is_alive(script)) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		char line[ORDER_MAX] = "";
		int order;

		if (poll(&wait, 1, POLL_MS) <= 0)
			continue;
		order = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		if (order >= 0 && read(order, line, sizeof(line) - 1) > 0) {
			obey(stage, line);
			(void)!write(order, "ok\n", 3);
		}
		close(order);
	}
}

static pid_t start_script(const struct stage *stage, const char *name, const char *orders_path)
{
	const struct fixture *fixture = stage->site.fixture;
	char file[512], bins[4096], url[128], sock[160], dir[160], way[160], home[160];
	char module[] = KEYSTORE_MODULE, modules[512];
	const char *argv[] = {"node", file, NULL};
	const char *environment[] = {bins,
				     url,
				     sock,
				     dir,
				     way,
				     home,
				     modules,
				     "SITE_PACKAGES=" PACKAGES,
				     "SITE_SHOTS=" KEYSTORE_BINARY_DIR "/screenshots",
				     NULL};

	snprintf(file, sizeof(file), SOURCE "/%s.mjs", name);
	snprintf(bins, sizeof(bins), "PATH=%s:%s", KEYSTORE_BIN_DIR, getenv("PATH"));
	snprintf(url, sizeof(url), "SITE_URL=https://localhost:%d", stage->site.port);
	snprintf(sock, sizeof(sock), "KEYSTORE_SOCKET=%s", fixture_socket(fixture));
	snprintf(dir, sizeof(dir), "SITE_DIR=%s", fixture_dir(fixture));
	snprintf(way, sizeof(way), "SITE_ORDERS=%s", orders_path);
	/* keystorectl's login and the browser's certificates are not those of whoever runs the test. */
	snprintf(home, sizeof(home), "HOME=%s", fixture_dir(fixture));
	snprintf(modules, sizeof(modules), "OPENSSL_MODULES=%s", dirname(module));
	/* Seen as it runs, and by ctest also where that ends it. */
	return process_start(argv, fixture_dir(fixture), "/proc/self/fd/1", environment);
}

static int play(const char *name)
{
	struct stage stage = {.site = https_site_new(NULL)};
	struct fixture *fixture = stage.site.fixture;
	char path[160];
	pid_t script;
	int fd, code;

	stage.plc = (struct plc){.fixture = fixture, .name = "gateway"};
	snprintf(path, sizeof(path), "%s/orders.sock", fixture_dir(fixture));
	fd = listen_at(path);
	https_start(&stage);
	script = start_script(&stage, name, path);
	serve(&stage, fd, script);
	code = process_end(script, 0);
	if (code) {
		struct run run = fixture_sh(fixture, "tail -30 https.log");

		printf("--- https.log\n%s", run.out);
		run_free(&run);
	}
	if (stage.plc.ouc)
		ouc_kill(&stage);
	https_site_free(&stage.site);
	return code;
}

int main(int argc, char **argv)
{
	struct run run;
	int code;

	if (argc != 2)
		fixture_die("usage: browser-site NAME");
	run = process_run((const char *const[]){"sh", "-c",
						"command -v chromium && command -v node && "
						"command -v npm && command -v certutil",
						NULL},
			  "/", NULL, NULL);
	code = run.exit_code;
	run_free(&run);
	if (code) {
		puts("skipped: chromium, node, npm and certutil are not all here "
		     "(packaging/dev-packages)");
		return SKIPPED;
	}
	run = process_run((const char *const[]){KEYSTORE_SOURCE_DIR "/tests/support/npm_install.sh",
						SOURCE, PACKAGES, NULL},
			  "/", NULL, NULL);
	code = run.exit_code;
	fputs(run.err, stderr);
	run_free(&run);
	return code ? code : play(argv[1]);
}
