/* What this machine is called, and its addresses. Hides how that is asked. */
#ifndef CTL_HOST_NAMES_H
#define CTL_HOST_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#define HOST_NAME_BYTES 256
#define HOST_LIST_BYTES 4096 /* more addresses than fit are left out */

/* The host's name as it is set; "": it has none but localhost. */
void host_name(char ret_name[HOST_NAME_BYTES]);

/*
 * Its name, its whole name if there is one, and its global addresses, as san_parse() takes them:
 * "DNS:plc-1,DNS:plc-1.example,IP:192.0.2.1"; "" where it has none.
 */
void host_names(char ret_list[HOST_LIST_BYTES]);

#endif
