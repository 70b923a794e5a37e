#include "deploy_site.h"

#include <signal.h>
#include <stdio.h>

struct deploy_site deploy_site_new(void)
{
	struct deploy_site site = {.fixture = fixture_new(NULL)};

	SITE(&site, "mkdir tls bin; keystorectl project init > /dev/null; "
		    "keystorectl cert create --profile web-server --issuer 2 --new-key web "
		    "--algorithm ec-p256 --subject CN=web --san DNS:web.plant");
	return site;
}

void deploy_site_start_as(struct deploy_site *site, const char *command)
{
	const char *argv[] = {"sh", "-c", command, NULL};
	char path[4096], sock[128], dir[128], status[128], log[128];
	const char *environment[] = {path, sock, dir, status, NULL};
	const char *top = fixture_dir(site->fixture);

	snprintf(path, sizeof(path), "PATH=%s/bin:%s:%s", top, KEYSTORE_BIN_DIR, getenv("PATH"));
	snprintf(sock, sizeof(sock), "KEYSTORE_SOCKET=%s", fixture_socket(site->fixture));
	snprintf(dir, sizeof(dir), "KEYSTORE_DEPLOY_DIR=%s/deploy.d", top);
	snprintf(status, sizeof(status), "KEYSTORE_DEPLOY_STATUS=%s/status", top);
	snprintf(log, sizeof(log), "%s/agent.log", top);
	site->agent = process_start(argv, top, log, environment);
}

void deploy_site_start(struct deploy_site *site)
{
	deploy_site_start_as(site, "exec keystore-deploy");
}

int deploy_site_end(struct deploy_site *site, int signal)
{
	int code = process_end(site->agent, signal);

	site->agent = 0;
	return code;
}

void deploy_site_free(struct deploy_site *site)
{
	if (site->agent)
		(void)deploy_site_end(site, SIGKILL);
	fixture_free(site->fixture);
}

struct wait {
	struct deploy_site *site;
	const char *script;
};

static bool holds(void *user)
{
	const struct wait *wait = user;
	struct run run = fixture_sh(wait->site->fixture, DEPLOY_SITE_SHELL "%s", wait->script);
	bool is_true = run.exit_code == 0;

	if (wait->site->agent && !process_is_alive(wait->site->agent))
		fixture_die("keystore-deploy has ended while this was waited for: %s",
			    wait->script);
	run_free(&run);
	return is_true;
}

void deploy_site_until(struct deploy_site *site, const char *script)
{
	struct wait wait = {site, script};

	fixture_until(holds, &wait, script);
}
