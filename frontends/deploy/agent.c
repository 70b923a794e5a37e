#include "agent.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <time.h>
#include <unistd.h>

#include "target.h"
#include "uplink.h"

#define HOUR_US	 (3600ull * 1000 * 1000)
#define QUIET_US (100ull * 1000) /* several changes at once are one */
#define MISSED_S 10		 /* a directory that went away is looked for */
#define WATCHED                                                                                    \
	(IN_CLOSE_WRITE | IN_MOVE | IN_CREATE | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF |           \
	 IN_MOVE_SELF | IN_ONLYDIR)

struct agent {
	const struct agent_options *options;
	sd_event *event;
	struct target_world world;
	struct uplink *uplink;
	struct ks_client *client; /* of the pass under way */
	char client_problem[DEPLOY_PROBLEM_MAX];
	bool is_client_tried;
	struct target *targets[DEPLOYMENTS_MAX];
	size_t count;
	sd_event_source *pass, *hourly, *watch;
	bool is_list_stale;
	bool is_broken; /* the directory is not believed … */
	char broken[DEPLOY_PROBLEM_MAX];
	size_t left_out;
	bool is_ready;
};

void agent_log(const char *name, const char *text)
{
	const char *prefix = getenv("JOURNAL_STREAM") ? "" : "keystore-deploy: ";

	fprintf(stderr, "%s%s%s%s\n", prefix, name ? name : "", name ? ": " : "", text);
}

static void wake_in(struct agent *agent, uint64_t usec)
{
	int enabled = SD_EVENT_OFF;

	/* What comes meanwhile is done with it. */
	if (sd_event_source_get_enabled(agent->pass, &enabled) < 0 || enabled != SD_EVENT_OFF)
		return;
	(void)sd_event_source_set_time_relative(agent->pass, usec);
	(void)sd_event_source_set_enabled(agent->pass, SD_EVENT_ONESHOT);
}

static void wake(void *user)
{
	wake_in(user, 0);
}

/* One connection for a pass. */
static struct ks_client *client_of_pass(void *user, char problem[DEPLOY_PROBLEM_MAX])
{
	struct agent *agent = user;

	if (!agent->is_client_tried)
		agent->client = uplink_connect(agent->options->socket, agent->client_problem);
	agent->is_client_tried = true;
	if (!agent->client)
		memcpy(problem, agent->client_problem, DEPLOY_PROBLEM_MAX);
	return agent->client;
}

static void end_client(struct agent *agent)
{
	ks_close(agent->client);
	agent->client = NULL;
	agent->is_client_tried = false;
}

static size_t find(const struct agent *agent, const char *name)
{
	size_t i = 0;

	while (i < agent->count && strcmp(target_deployment(agent->targets[i])->name, name) != 0)
		i++;
	return i;
}

static bool is_known(const char *name, void *user)
{
	const struct agent *agent = user;

	return find(agent, name) < agent->count;
}

static void forget(struct agent *agent, size_t i)
{
	target_free(agent->targets[i]);
	agent->targets[i] = agent->targets[--agent->count];
}

static void take_list(struct agent *agent, const struct deploy_list *list)
{
	for (size_t i = 0; i < agent->count;) {
		const char *name = target_deployment(agent->targets[i])->name;
		bool is_listed = false;

		for (size_t j = 0; j < list->count; j++)
			is_listed |= strcmp(list->entries[j].deployment.name, name) == 0;
		if (is_listed)
			i++;
		else
			forget(agent, i);
	}
	for (size_t j = 0; j < list->count; j++) {
		size_t i = find(agent, list->entries[j].deployment.name);

		if (i < agent->count) {
			target_update(agent->targets[i], &list->entries[j]);
			continue;
		}
		agent->targets[i] = target_new(&agent->world, &list->entries[j]);
		if (agent->targets[i])
			agent->count++;
		else
			agent_log(list->entries[j].deployment.name, "out of memory");
	}
	if (list->left_out && list->left_out != agent->left_out)
		fprintf(stderr, "keystore-deploy: %zu deployments beyond %d are left out\n",
			list->left_out, DEPLOYMENTS_MAX);
	agent->left_out = list->left_out;
	deploy_status_tidy(agent->world.status_folder, is_known, agent);
}

static void set_broken(struct agent *agent, const char *problem)
{
	if (strcmp(agent->broken, problem) != 0)
		agent_log(NULL, problem);
	snprintf(agent->broken, sizeof(agent->broken), "%s", problem);
	agent->is_broken = true;
	/* What it says is not believed any more. */
	while (agent->count)
		forget(agent, agent->count - 1);
}

static int on_change(sd_event_source *source, const struct inotify_event *change, void *user)
{
	struct agent *agent = user;

	(void)source;
	agent->is_list_stale = true;
	if (change->mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF))
		agent->watch = sd_event_source_disable_unref(agent->watch);
	wake_in(agent, QUIET_US);
	return 0;
}

static void load(struct agent *agent)
{
	char problem[DEPLOY_PROBLEM_MAX];
	struct deploy_list *list;

	agent->is_list_stale = false;
	/* Watched before it is read: nothing falls in between. */
	if (!agent->watch && !agent->options->is_once)
		(void)sd_event_add_inotify(agent->event, &agent->watch, agent->options->dir,
					   WATCHED, on_change, agent);
	list = deploy_dir_load(agent->options->dir, problem);
	if (list) {
		take_list(agent, list);
		agent->is_broken = false;
		*agent->broken = '\0';
	} else {
		set_broken(agent, problem);
	}
	free(list);
	/* Changes of what is above it are not seen. */
	if ((agent->is_broken || !agent->watch) && !agent->options->is_once) {
		agent->is_list_stale = true;
		wake_in(agent, MISSED_S * 1000ull * 1000);
	}
}

static bool is_settled(const struct agent *agent)
{
	for (size_t i = 0; i < agent->count; i++)
		if (target_is_busy(agent->targets[i]) || target_is_due(agent->targets[i]))
			return false;
	return true;
}

static size_t count_state(const struct agent *agent, enum deploy_state state)
{
	size_t count = 0;

	for (size_t i = 0; i < agent->count; i++)
		count += target_state(agent->targets[i]) == state;
	return count;
}

static void tell_manager(struct agent *agent)
{
	(void)sd_notifyf(0, "%sSTATUS=%zu deployments, %zu current, %zu failed%s",
			 agent->is_ready ? "" : "READY=1\n", agent->count,
			 count_state(agent, DEPLOY_CURRENT), count_state(agent, DEPLOY_FAILED),
			 agent->is_broken ? "; the directory is refused" : "");
	agent->is_ready = true;
}

static int on_pass(sd_event_source *source, uint64_t usec, void *user)
{
	struct agent *agent = user;

	(void)source;
	(void)usec;
	if (agent->is_list_stale)
		load(agent);
	for (size_t i = 0; i < agent->count; i++)
		if (target_is_due(agent->targets[i]))
			target_apply(agent->targets[i]);
	end_client(agent);
	tell_manager(agent);
	if (agent->options->is_once && is_settled(agent))
		return sd_event_exit(agent->event, 0);
	return 0;
}

static void set_all_due(struct agent *agent, bool is_fresh)
{
	for (size_t i = 0; i < agent->count; i++)
		target_set_due(agent->targets[i], is_fresh);
}

/* What no event told of: files that somebody changed, a directory that was moved away. */
static int on_hour(sd_event_source *source, uint64_t usec, void *user)
{
	struct agent *agent = user;

	(void)usec;
	agent->is_list_stale = true;
	set_all_due(agent, false);
	wake(agent);
	(void)sd_event_source_set_time_relative(source, HOUR_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void on_up(void *user)
{
	struct agent *agent = user;

	set_all_due(agent, true);
	wake(agent);
}

static void on_down(const char *why, void *user)
{
	(void)user;
	agent_log(NULL, why);
}

static void on_event(const struct ks_event *event, void *user)
{
	struct agent *agent = user;

	if (event->type != KS_EVENT_CERT_UPDATED && event->type != KS_EVENT_CERT_DELETED &&
	    event->type != KS_EVENT_KEY_DELETED)
		return;
	for (size_t i = 0; i < agent->count; i++) {
		struct target *target = agent->targets[i];
		bool is_its_own =
			event->cert_id && event->cert_id == target_deployment(target)->cert_id;

		/* Another one may be its issuer; it changes nothing for what has failed. */
		if (is_its_own || target_state(target) == DEPLOY_CURRENT)
			target_set_due(target, is_its_own);
	}
	wake_in(agent, QUIET_US);
}

static bool block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	return sigprocmask(SIG_BLOCK, &set, NULL) == 0 && signal(SIGPIPE, SIG_IGN) != SIG_ERR;
}

static bool set_up(struct agent *agent)
{
	static const struct uplink_handler handler = {on_up, on_down, on_event};
	sd_event *event = agent->event;

	if (sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL) < 0 ||
	    sd_event_add_signal(event, NULL, SIGINT, NULL, NULL) < 0 ||
	    sd_event_add_time_relative(event, &agent->pass, CLOCK_BOOTTIME, 0, 0, on_pass, agent) <
		    0)
		return false;
	if (agent->options->is_once)
		return true;
	if (sd_event_add_time_relative(event, &agent->hourly, CLOCK_BOOTTIME, HOUR_US, 0, on_hour,
				       agent) < 0)
		return false;
	agent->uplink = uplink_new(event, agent->options->socket, &handler, agent);
	return agent->uplink != NULL;
}

static void tear_down(struct agent *agent)
{
	while (agent->count)
		forget(agent, agent->count - 1);
	uplink_free(agent->uplink);
	end_client(agent);
	sd_event_source_disable_unref(agent->pass);
	sd_event_source_disable_unref(agent->hourly);
	sd_event_source_disable_unref(agent->watch);
	sd_event_unref(agent->event);
	if (agent->world.status_folder >= 0)
		close(agent->world.status_folder);
}

int agent_run(const struct agent_options *options)
{
	struct agent agent = {.options = options, .is_list_stale = true, .world.status_folder = -1};
	char problem[DEPLOY_PROBLEM_MAX] = "it cannot be started";
	int code = EXIT_FAILURE;

	agent.world.status_folder = deploy_status_own(options->status, problem);
	if (agent.world.status_folder < 0 ||
	    (!options->is_once && !folder_make(options->dir, problem))) {
		agent_log(NULL, problem);
		goto out;
	}
	if (!block_signals() || sd_event_new(&agent.event) < 0) {
		agent_log(NULL, problem);
		goto out;
	}
	agent.world.event = agent.event;
	agent.world.is_once = options->is_once;
	agent.world.client = client_of_pass;
	agent.world.wake = wake;
	agent.world.log = agent_log;
	agent.world.user = &agent;
	if (!set_up(&agent) || sd_event_loop(agent.event) < 0) {
		agent_log(NULL, problem);
		goto out;
	}
	code = EXIT_SUCCESS;
	if (options->is_once &&
	    (agent.is_broken || count_state(&agent, DEPLOY_CURRENT) < agent.count))
		code = EXIT_FAILURE;
	(void)sd_notify(0, "STOPPING=1");
out:
	tear_down(&agent);
	return code;
}

static bool check_entry(const struct deploy_entry *entry, char *problem)
{
	const struct deployment *deployment = &entry->deployment;
	bool is_fine = !*entry->problem;
	uid_t uid;
	gid_t gid;

	if (!is_fine)
		memcpy(problem, entry->problem, DEPLOY_PROBLEM_MAX);
	is_fine = is_fine && deployment_owner(deployment, &uid, &gid, problem);
	for (enum deployment_file i = 0; i < DEPLOYMENT_FILES && is_fine; i++) {
		char folder[DEPLOYMENT_PATH_MAX + 1];
		const char *base;
		int fd;

		if (!*deployment->paths[i])
			continue;
		is_fine = folder_split(deployment->paths[i], folder, sizeof(folder), &base);
		fd = is_fine ? folder_open(folder, false, problem) : -1;
		is_fine = fd >= 0;
		if (fd >= 0)
			close(fd);
	}
	return is_fine;
}

int agent_check(const struct agent_options *options)
{
	char problem[DEPLOY_PROBLEM_MAX];
	struct deploy_list *list = deploy_dir_load(options->dir, problem);
	int code = EXIT_SUCCESS;

	if (!list) {
		agent_log(NULL, problem);
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < list->count; i++) {
		bool is_fine = check_entry(&list->entries[i], problem);

		printf("%s: %s\n", list->entries[i].deployment.name,
		       is_fine ? "certificate, files and owner are plausible" : problem);
		code = is_fine ? code : EXIT_FAILURE;
	}
	if (list->left_out) {
		printf("%zu deployments beyond %d are left out\n", list->left_out, DEPLOYMENTS_MAX);
		code = EXIT_FAILURE;
	}
	free(list);
	return code;
}
