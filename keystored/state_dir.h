/*
 * The directory that holds everything the service must not lose. Hides how it is kept to one
 * service at a time and out of others' reach.
 */
#ifndef STATE_DIR_H
#define STATE_DIR_H

#define STATE_DIR_ERROR_MAX 512

enum state_dir_status {
	STATE_DIR_OK = 0,
	STATE_DIR_NOT_OURS, /* of another user, or open to others; the error has the command */
	STATE_DIR_IN_USE,   /* another service holds it; the error has its pid */
	STATE_DIR_IO,
};

/*
 * Creates @path (0700, its parent must exist) if it is absent, and locks it. On success the
 * descriptor returned holds the lock until it is closed.
 */
[[nodiscard]] enum state_dir_status state_dir_lock(const char *path,
						   char error[STATE_DIR_ERROR_MAX], int *ret_fd);

#endif
