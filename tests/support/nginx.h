/* nginx with the page's server. Hides the rest of its configuration, which is Debian's in short. */
#ifndef SUPPORT_NGINX_H
#define SUPPORT_NGINX_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"
#include "tls_client.h"

/* access.log has the worker's process for each request. */
#define NGINX_CONF                                                                                 \
	"user www-data;\nworker_processes 2;\npid nginx.pid;\n"                                    \
	"events { worker_connections 512; }\n"                                                     \
	"http {\n"                                                                                 \
	"log_format worker \"$pid\";\naccess_log access.log worker;\n"                             \
	"client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp;\n"                 \
	"uwsgi_temp_path tmp; scgi_temp_path tmp;\n"                                               \
	"include site.conf;\n}\n"

/* After the page's commands. */
static inline void nginx_start_only(struct program *program)
{
	char path[200];

	program_write(program, "nginx", "nginx", "site.conf");
	snprintf(path, sizeof(path), "%s/nginx.conf", fixture_dir(program->fixture));
	file_write(path, NGINX_CONF, strlen(NGINX_CONF));
	program_start(program, "nginx -p $PWD -c nginx.conf -e error.log -g 'daemon off;'");
}

static inline void nginx_start(struct program *program)
{
	free(program_run(program, "nginx", "sh"));
	nginx_start_only(program);
}

static inline bool nginx_has_new_workers(void *user)
{
	struct program *program = user;
	struct run run = fixture_sh(program->fixture,
				    "ps -o pid= --ppid $(cat nginx.pid) | sort > workers.now; "
				    "test $(comm -13 workers.before workers.now | wc -l) = 2");
	bool is_new = run.exit_code == 0;

	run_free(&run);
	return is_new;
}

/* Until there are two new workers; the old ones finish what they have. */
static inline void nginx_reload(struct program *program)
{
	free(fixture_sh_ok(program->fixture,
			   "ps -o pid= --ppid $(cat nginx.pid) | sort > workers.before"));
	kill(program->pid, SIGHUP);
	fixture_until(nginx_has_new_workers, program, "nginx's new workers");
}

static inline struct tls_load *nginx_load(const struct program *program, unsigned clients)
{
	char ca_file[200];

	snprintf(ca_file, sizeof(ca_file), "%s/ca.pem", fixture_dir(program->fixture));
	return tls_load_start(ca_file, program->ports[PORT_TLS], clients);
}

#endif
