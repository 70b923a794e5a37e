#include "capture.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process.h"

#define BYTES_MAX   (16 * 1024 * 1024)
#define FRAME_MAX   65536
#define QUEUE_BYTES (8 * 1024 * 1024)

struct capture {
	int port, fd, end;
	pthread_t thread;
	unsigned char *bytes; /* the payloads, one behind the other */
	size_t len;
};

static void take(struct capture *capture, const unsigned char *frame, size_t len)
{
	const struct iphdr *ip = (const struct iphdr *)frame;
	const struct tcphdr *tcp;
	size_t header;

	if (len < sizeof(*ip) || ip->version != 4 || ip->protocol != IPPROTO_TCP)
		return;
	header = ip->ihl * 4u;
	tcp = (const struct tcphdr *)(frame + header);
	if (len < header + sizeof(*tcp) ||
	    (ntohs(tcp->source) != capture->port && ntohs(tcp->dest) != capture->port))
		return;
	header += tcp->doff * 4u;
	if (len <= header || capture->len + len - header > BYTES_MAX)
		return;
	memcpy(capture->bytes + capture->len, frame + header, len - header);
	capture->len += len - header;
}

static void *run(void *user)
{
	struct capture *capture = user;
	struct pollfd ready[] = {{.fd = capture->fd, .events = POLLIN},
				 {.fd = capture->end, .events = POLLIN}};
	unsigned char *frame = malloc(FRAME_MAX);

	while (frame) {
		ssize_t got;

		/* At its end too, what has come is taken first. */
		while ((got = recv(capture->fd, frame, FRAME_MAX, MSG_DONTWAIT)) > 0)
			take(capture, frame, (size_t)got);
		if (ready[1].revents || poll(ready, 2, -1) < 0)
			break;
	}
	free(frame);
	return NULL;
}

struct capture *capture_start(int port)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET,
				      .sll_protocol = htons(ETH_P_IP),
				      .sll_ifindex = (int)if_nametoindex("lo")};
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_IP));
	const int queue = QUEUE_BYTES;
	struct capture *capture;

	if (fd < 0)
		return NULL;
	capture = calloc(1, sizeof(*capture));
	if (!capture)
		fixture_die("out of memory");
	*capture = (struct capture){.port = port, .fd = fd, .end = eventfd(0, EFD_CLOEXEC)};
	capture->bytes = malloc(BYTES_MAX);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &queue, sizeof(queue));
	if (!capture->bytes || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    pthread_create(&capture->thread, NULL, run, capture) != 0)
		fixture_die("loopback cannot be captured");
	return capture;
}

void capture_stop(struct capture *capture)
{
	const unsigned long long one = 1;

	if (write(capture->end, &one, sizeof(one)) < 0)
		fixture_die("the capture does not end");
	pthread_join(capture->thread, NULL);
}

void capture_free(struct capture *capture)
{
	close(capture->fd);
	close(capture->end);
	free(capture->bytes);
	free(capture);
}

bool capture_has(const struct capture *capture, const void *bytes, size_t len)
{
	return memmem(capture->bytes, capture->len, bytes, len) != NULL;
}
