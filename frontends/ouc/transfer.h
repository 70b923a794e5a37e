/*
 * A connection that has blocks: TSEND_C, TRCV_C or both on one stream. Hides who connects to whom,
 * when again, and which of several peers that come at a time gets it.
 */
#ifndef OUC_TRANSFER_H
#define OUC_TRANSFER_H

#include "connection_parts.h"

/* It begins at once. NULL: no memory. */
struct transfer *transfer_new(struct connection *connection, struct data_image *send,
			      struct data_image *receive);
void transfer_free(struct transfer *transfer); /* NULL is fine */

enum send_order transfer_order(struct transfer *transfer);
void transfer_image_changed(struct transfer *transfer);

enum connection_fit transfer_fits(const struct transfer *transfer, const char *address,
				  unsigned *ret_load);
void transfer_accept(struct transfer *transfer, int fd, const char *address);
void transfer_listens(struct transfer *transfer, enum listener_state state, const char *message);

/* The own certificate, or keystored, came or went. */
void transfer_security_changed(struct transfer *transfer);
void transfer_tick(struct transfer *transfer);

#endif
