#include "https_site.h"

#include <libgen.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ouc_site.h"

struct https_site https_site_new(const struct fixture_options *options)
{
	struct https_site site = {
		.fixture = fixture_new(options),
		.port = plc_port(),
		.plain_port = plc_port(),
	};

	free(HTTPS_SITE(&site,
			"{ keystorectl project init; keystorectl cert create --profile web-server "
			"--issuer 2 --new-key web --algorithm ec-p256 --subject CN=localhost --san "
			"DNS:localhost,IP:127.0.0.1,IP:::1; "
			"keystorectl service create web-server --kind web-server --cert 3 --group "
			"https --uid $(id -u); keystorectl cert export 2 --out ca.pem; } >&2"));
	return site;
}

void https_site_free(struct https_site *site)
{
	if (site->https)
		(void)https_site_end(site, SIGKILL);
	fixture_free(site->fixture);
}

static void launch(struct https_site *site, const char *format, va_list arguments)
{
	const char *argv[] = {"keystore-https", "--config", "https.conf", "--socket", NULL, NULL};
	char module[] = KEYSTORE_MODULE;
	char path[4096], modules[512], file[128], log[128];
	const char *environment[] = {path, modules, NULL};
	const char *top = fixture_dir(site->fixture);
	char *more = NULL, *text = NULL;
	int len = -1;

	if (vasprintf(&more, format, arguments) >= 0)
		len = asprintf(&text,
			       "[keystore-https]\nEnabled = yes\nListen = 127.0.0.1:%d\n%s\n",
			       site->port, more);
	if (len < 0)
		fixture_die("out of memory");
	snprintf(file, sizeof(file), "%s/https.conf", top);
	file_write(file, text, (size_t)len);
	free(text);
	free(more);
	snprintf(path, sizeof(path), "PATH=%s:%s", KEYSTORE_BIN_DIR, getenv("PATH"));
	snprintf(modules, sizeof(modules), "OPENSSL_MODULES=%s", dirname(module));
	snprintf(log, sizeof(log), "%s/https.log", top);
	argv[4] = fixture_socket(site->fixture);
	site->https = process_start(argv, top, log, environment);
}

void https_site_launch(struct https_site *site, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	launch(site, format, arguments);
	va_end(arguments);
}

void https_site_start(struct https_site *site, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	launch(site, format, arguments);
	va_end(arguments);
	https_site_until_said(site, "serving with certificate");
	https_site_until_said(site, "listens at port");
}

int https_site_end(struct https_site *site, int signal)
{
	int code = process_end(site->https, signal);

	site->https = 0;
	return code;
}

struct wait {
	struct https_site *site;
	const char *script;
};

static bool holds(void *user)
{
	const struct wait *wait = user;
	struct run run = fixture_sh(wait->site->fixture, HTTPS_SITE_SHELL "%s", wait->script);
	bool is_true = run.exit_code == 0;

	run_free(&run);
	if (wait->site->https && !process_is_alive(wait->site->https)) {
		run = fixture_sh(wait->site->fixture, "cat https.log");
		fixture_die("keystore-https has ended while this was waited for: %s\n%s",
			    wait->script, run.out);
	}
	return is_true;
}

void https_site_until(struct https_site *site, const char *script)
{
	struct wait wait = {site, script};

	fixture_until(holds, &wait, script);
}

void https_site_until_said(struct https_site *site, const char *text)
{
	char script[512];

	snprintf(script, sizeof(script), "grep -qF '%s' https.log", text);
	https_site_until(site, script);
}
