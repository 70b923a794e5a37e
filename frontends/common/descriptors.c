#include "descriptors.h"

#include <stdio.h>
#include <sys/resource.h>

bool descriptors_allow(unsigned long long needed, char message[DESCRIPTORS_MESSAGE_MAX])
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= needed)
		return true;
	limit.rlim_cur = needed < limit.rlim_max ? needed : limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == needed)
		return true;
	snprintf(message, DESCRIPTORS_MESSAGE_MAX,
		 "warning: the connections may need %llu file descriptors, and %llu are allowed: "
		 "raise LimitNOFILE of the service",
		 needed, (unsigned long long)limit.rlim_cur);
	return false;
}
