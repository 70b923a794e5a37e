/* A network of the test's own: a network namespace and a UTS namespace around its process. */
#ifndef SUPPORT_OWN_NET_H
#define SUPPORT_OWN_NET_H

#include <stdbool.h>

/*
 * From now on this process and what it starts are alone with lo, and with eth0 and eth1, which
 * are each other's end and have no IPv4 address. The host name is "plc-1". A second address of a
 * network outlives the first, as with systemd. False: that may not be done here.
 */
bool own_net_enter(void);

#endif
