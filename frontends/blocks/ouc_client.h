/*
 * The way to keystore-ouc's control socket for who cannot wait. Hides sockets, lines, deadlines, and
 * that keystore-ouc may be away, hang, or be somebody else.
 *
 * Each question has a connection of its own, so that none waits for another.
 */
#ifndef BLOCKS_OUC_CLIENT_H
#define BLOCKS_OUC_CLIENT_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "ouc_reply.h"

#define OUC_ASKS_MAX	 8 /* at a time, of the 32 clients that keystore-ouc has */
#define OUC_PATIENCE_US	 UINT64_C(5000000)
#define OUC_QUESTION_MAX ((size_t)640 * 1024)	   /* bytes of a line, its end included */
#define OUC_REPLY_MAX	 ((size_t)2 * 1024 * 1024) /* the same */

struct ouc_client;

/* @path must outlive it; @patience_us: for an answer, OUC_PATIENCE_US. NULL: no memory. */
struct ouc_client *ouc_client_new(sd_event *event, const char *path, uint64_t patience_us);
/* What is being asked ends without a word. NULL is fine. */
void ouc_client_free(struct ouc_client *client);

/* @reply is the caller's again after this. */
typedef void ouc_reply_fn(const struct ouc_reply *reply, void *user);

/*
 * Asks @command, which has one line as its reply, and is taken in each case; NULL: no memory. @done
 * is called once, from the loop, never from within this. False: it is not, as OUC_ASKS_MAX are under
 * way, the line would be too long, or there is no memory.
 */
[[nodiscard]] bool ouc_client_ask(struct ouc_client *client, json_t *command, ouc_reply_fn *done,
				  void *user);

#endif
