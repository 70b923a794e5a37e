/* Clients of keystore-https that begin and do not end: others are served, and nothing stays. */
#include <criterion/criterion.h>

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "https_site.h"
#include "peer.h"
#include "tls_client.h"

#define ABORTED	   1000
#define GROWTH_MAX 4096 /* KiB */

#define LIMITS                                                                                     \
	"HandshakesMax = 32\nHandshakesPerAddress = 16\nHandshakeTimeout = 2 s\n"                  \
	"ConnectionsMax = 64\nConnectionsPerAddress = 32\nRequestTimeout = 2 s\nIdleTimeout = 2 "  \
	"s\n"

static unsigned descriptors(const struct https_site *site)
{
	char path[64];
	unsigned count = 0;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)site->https);
	folder = opendir(path);
	cr_assert_not_null(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

static long resident(struct https_site *site)
{
	char *text = HTTPS_SITE(site, "ps -o rss= -p %d", (int)site->https);
	long kib = atol(text);

	free(text);
	return kib;
}

struct rest {
	const struct https_site *site;
	unsigned descriptors;
};

static bool is_at_rest(void *user)
{
	const struct rest *rest = user;

	return descriptors(rest->site) <= rest->descriptors;
}

static void until_at_rest(const struct https_site *site, unsigned count)
{
	fixture_until(is_at_rest, &(struct rest){site, count}, "the end of all connections");
}

/* Some say nothing, some half a ClientHello, and all go when the next come. */
static void half_open(const struct https_site *site, unsigned count)
{
	static const unsigned char hello[] = {0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3};
	int fds[32];

	for (unsigned i = 0; i < count; i++) {
		int *fd = &fds[i % 32];

		if (i >= 32)
			close(*fd);
		*fd = peer_connect(site->port);
		if (i % 2)
			(void)send(*fd, hello, sizeof(hello), MSG_NOSIGNAL);
	}
	for (unsigned i = 0; i < 32; i++)
		close(fds[i]);
}

static void is_served(struct https_site *site)
{
	https_site_until(site, "get --interface 127.0.0.2 https://127.0.0.1:$(sed -n "
			       "'s/.*127.0.0.1://p' https.conf | head -1)/ > /dev/null");
}

TestSuite(https_flood, .timeout = 300);

Test(https_flood, leaves_no_descriptor_and_no_memory)
{
	struct https_site site = https_site_new(NULL);
	unsigned before = 0;
	long memory = 0;

	https_site_start(&site, LIMITS);
	is_served(&site);
	for (int round = 0; round < 2; round++) {
		(void)tls_abort_handshakes(site.port, ABORTED);
		half_open(&site, ABORTED);
		is_served(&site);
		if (round == 0) {
			/* What the first round has taken may stay, as long as it does not grow. */
			fixture_until(is_at_rest, &(struct rest){&site, 64}, "rest");
			before = descriptors(&site);
			memory = resident(&site);
		}
	}
	until_at_rest(&site, before);
#ifndef __SANITIZE_ADDRESS__
	cr_expect_leq(resident(&site), memory + GROWTH_MAX);
#else
	(void)memory; /* what is freed stays with the sanitizer for a while */
#endif
	cr_assert_eq(https_site_end(&site, SIGTERM), 0);
	https_site_free(&site);
}
