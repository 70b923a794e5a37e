/* How many file descriptors the process may have. Hides the limits that systemd sets. */
#ifndef COMMON_DESCRIPTORS_H
#define COMMON_DESCRIPTORS_H

#include <stdbool.h>

#define DESCRIPTORS_MESSAGE_MAX 256

/* Raises the limit to @needed. False: it is lower still, and @message says so. */
bool descriptors_allow(unsigned long long needed, char message[DESCRIPTORS_MESSAGE_MAX]);

#endif
