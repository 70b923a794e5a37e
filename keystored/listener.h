/*
 * The socket that clients connect to. Hides where it comes from (systemd, or made here), and
 * is the only place that asks the kernel who a peer is.
 */
#ifndef LISTENER_H
#define LISTENER_H

#include <stdbool.h>
#include <stdint.h>

struct service;
struct listener;

#define LISTENER_ERROR_MAX 512

enum listener_status {
	LISTENER_OK = 0,
	LISTENER_IN_USE,  /* somebody answers at the path */
	LISTENER_REFUSED, /* the path or the passed descriptors are not usable */
	LISTENER_IO,
	LISTENER_NOMEM,
};

/*
 * A listening, non-blocking socket: the one systemd passed, or a new one at the path
 * configured, where a stale one is replaced. *ret_is_ours: made here, to be unlinked.
 */
[[nodiscard]] enum listener_status listener_socket(const char *path, uint32_t mode,
						   const uint32_t *group,
						   char error[LISTENER_ERROR_MAX], int *ret_fd,
						   bool *ret_is_ours);

/* Accepts on @fd, which it owns, into @service. @unlink_path: removed at the end, or NULL. */
[[nodiscard]] enum listener_status listener_new(struct service *service, int fd,
						const char *unlink_path,
						struct listener **ret_listener);
void listener_free(struct listener *listener);

#endif
