/* In a network namespace and a UTS namespace of the test's own. */
#include "watch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static sd_event *event;
static struct watch *watch;
static unsigned changes;
static struct own_sight sight;

static void on_changed(void *user)
{
	(void)user;
	changes++;
}

static bool has_namespaces(void)
{
	return unshare(CLONE_NEWNET | CLONE_NEWUTS) == 0 && sethostname("plc-1", 5) == 0;
}

static void do_ip(const char *commands)
{
	FILE *ip = popen("ip -batch -", "w");

	cr_assert_not_null(ip);
	fputs(commands, ip);
	cr_assert_eq(pclose(ip), 0);
}

static void set_up(void)
{
	if (!has_namespaces())
		cr_skip_test("no namespaces may be made here");
	do_ip("link set lo up\n"
	      "link add eth0 type veth peer name eth1\n"
	      "link set eth0 addrgenmode none up\nlink set eth1 addrgenmode none up\n");
	cr_assert_geq(sd_event_new(&event), 0);
}

static void open_watch(bool with_link_local, bool with_temporary)
{
	const struct watch_options options = {with_link_local, with_temporary};

	watch = watch_new(event, &options, on_changed, NULL);
	cr_assert_not_null(watch);
	cr_assert_str_eq(watch_problem(watch), "");
}

static void tear_down(void)
{
	watch_free(watch);
	sd_event_unref(event);
}

/* Until the kernel has told of something. */
static void wait_for_change(void)
{
	changes = 0;
	while (!changes)
		cr_assert_gt(sd_event_run(event, 10000000), 0);
}

static bool sees(const char *text, const char *interface)
{
	watch_look(watch, &sight);
	for (size_t i = 0; i < sight.count; i++) {
		if (strcmp(sight.seen[i].text, text) == 0)
			return strcmp(sight.seen[i].interface, interface) == 0;
	}
	return false;
}

static bool is_dark(const char *interface)
{
	watch_look(watch, &sight);
	for (size_t i = 0; i < sight.dark_count; i++) {
		if (strcmp(sight.dark[i], interface) == 0)
			return true;
	}
	return false;
}

TestSuite(watch, .init = set_up, .fini = tear_down, .timeout = 60);

Test(watch, sees_addresses_come_and_go)
{
	open_watch(false, false);
	cr_assert(!sees("192.0.2.1", "eth0"));
	do_ip("addr add 192.0.2.1/24 dev eth0\naddr add 2001:db8::1/64 dev eth0 nodad\n");
	wait_for_change();
	cr_assert(sees("192.0.2.1", "eth0"));
	cr_assert(sees("2001:db8::1", "eth0"));
	cr_assert(!sees("127.0.0.1", "lo"));
	cr_assert(!sees("::1", "lo"));
	cr_assert(!sight.is_partial);
	do_ip("addr del 192.0.2.1/24 dev eth0\n");
	wait_for_change();
	cr_assert(!sees("192.0.2.1", "eth0"));
}

Test(watch, sees_temporary_and_link_local_addresses_only_if_told_to)
{
	open_watch(false, false);
	do_ip("addr add fe80::1/64 dev eth0 nodad\naddr add 169.254.1.1/16 dev eth0\n"
	      "addr add 192.0.2.1/24 dev eth0\naddr add 192.0.2.2/24 dev eth0\n");
	cr_assert(!sees("fe80::1", "eth0"));
	cr_assert(!sees("169.254.1.1", "eth0"));
	/* For IPv4 the bit of IPv6's temporary ones says "second of its network". */
	cr_assert(sees("192.0.2.2", "eth0"));
	watch_free(watch);
	open_watch(true, false);
	cr_assert(sees("fe80::1", "eth0"));
	cr_assert(sees("169.254.1.1", "eth0"));
}

Test(watch, sees_ipv6_addresses_for_privacy_only_if_told_to)
{
	if (system("sysctl -qw net.ipv6.conf.eth0.use_tempaddr=2 net.ipv6.conf.eth0.accept_dad=0"))
		cr_skip_test("/proc/sys cannot be written here");
	/* The kernel adds a temporary one. */
	do_ip("addr add 2001:db8::1/64 dev eth0 mngtmpaddr valid_lft 9999 preferred_lft 9999\n");
	cr_assert_eq(system("ip -6 addr show dev eth0 temporary | grep -q 2001:db8"), 0);
	open_watch(false, false);
	cr_assert(sees("2001:db8::1", "eth0"));
	cr_assert_eq(sight.count, 2u, "and the host name");
	watch_free(watch);
	open_watch(false, true);
	cr_assert(sees("2001:db8::1", "eth0"));
	cr_assert_eq(sight.count, 3u);
}

Test(watch, does_not_see_tentative_addresses)
{
	open_watch(false, false);
	/* Without a carrier it stays tentative. */
	do_ip("link set eth1 down\naddr add 2001:db8::1/64 dev eth0\n");
	cr_assert(!sees("2001:db8::1", "eth0"));
}

Test(watch, sees_which_interfaces_have_no_link)
{
	open_watch(false, false);
	/* The kernel takes its time to find the other end. */
	while (is_dark("eth0"))
		wait_for_change();
	cr_assert(!is_dark("lo"));
	do_ip("link set eth1 down\n");
	while (!is_dark("eth0"))
		wait_for_change();
	cr_assert(is_dark("eth1"));
}

Test(watch, sees_the_host_name_change)
{
	open_watch(false, false);
	cr_assert(sees("plc-1", ""));
	cr_assert_eq(sethostname("plc-2", 5), 0);
	wait_for_change();
	cr_assert(sees("plc-2", ""));
	cr_assert(!sees("plc-1", ""));
	cr_assert_eq(sethostname("localhost", 9), 0);
	watch_look(watch, &sight);
	cr_assert_eq(sight.count, 0u);
}

/* Of netlink's sockets of this namespace, all that was dropped. */
static unsigned long dropped(void)
{
	FILE *file = fopen("/proc/net/netlink", "r");
	unsigned long total = 0;
	char line[256];

	cr_assert_not_null(file);
	while (fgets(line, sizeof line, file)) {
		unsigned long drops;

		if (sscanf(line, "%*s %*s %*s %*s %*s %*s %*s %*s %lu", &drops) == 1)
			total += drops;
	}
	fclose(file);
	return total;
}

Test(watch, sees_all_after_the_kernel_told_more_than_fits)
{
	char *commands = NULL;
	size_t len = 0;
	FILE *text = open_memstream(&commands, &len);

	open_watch(false, false);
	for (unsigned i = 0; i < 2000; i++)
		fprintf(text, "addr add 192.0.2.%u/24 dev eth0\naddr del 192.0.2.%u/24 dev eth0\n",
			1 + i % 200, 1 + i % 200);
	fprintf(text, "addr add 192.0.2.250/24 dev eth0\n");
	fclose(text);
	do_ip(commands);
	free(commands);
	cr_assert_gt(dropped(), 0u, "the socket's buffer took it all");
	wait_for_change();
	cr_assert(sees("192.0.2.250", "eth0"));
	cr_assert_eq(sight.count, 2u, "and the host name");
	/* And it goes on. */
	while (sd_event_run(event, 0) > 0)
		;
	do_ip("addr del 192.0.2.250/24 dev eth0\n");
	wait_for_change();
	cr_assert(!sees("192.0.2.250", "eth0"));
}

Test(watch, knows_that_it_does_not_see_everything)
{
	char *commands = NULL;
	size_t len = 0;
	FILE *text = open_memstream(&commands, &len);

	open_watch(false, false);
	/* With the host name one more than there is room for. */
	for (unsigned i = 0; i < OWN_SEEN_MAX; i++)
		fprintf(text, "addr add 10.0.%u.%u/16 dev eth0\n", i / 250, 1 + i % 250);
	fclose(text);
	do_ip(commands);
	free(commands);
	watch_look(watch, &sight);
	cr_assert_eq(sight.count, OWN_SEEN_MAX);
	cr_assert(sight.is_partial);
}

/* As RestrictAddressFamilies= of a unit does. */
static bool forbid_netlink(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof filter / sizeof *filter, filter};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

Test(watch, says_that_it_cannot_watch)
{
	const struct watch_options options = {false, false};

	if (!forbid_netlink())
		cr_skip_test("system calls cannot be filtered here");
	watch = watch_new(event, &options, on_changed, NULL);
	cr_assert_not_null(watch);
	cr_assert_not_null(strstr(watch_problem(watch), "AF_NETLINK"), "%s", watch_problem(watch));
	watch_look(watch, &sight);
	cr_assert(sight.is_partial);
}
