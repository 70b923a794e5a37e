/*
 * Which connection of keystore-ouc sends a block, and which receives it. Hides that one question
 * answers all who ask at the same time.
 */
#ifndef HTTPS_BLOCK_ROLES_H
#define HTTPS_BLOCK_ROLES_H

#include <jansson.h>
#include <stdbool.h>

#include "ouc_client.h"

struct block_roles;

/* @client must outlive it. NULL: no memory. */
struct block_roles *block_roles_new(struct ouc_client *client);
/* Who waits hears nothing more. NULL is fine. */
void block_roles_free(struct block_roles *roles);

/* @roles, of all blocks, lives as long as this; NULL: keystore-ouc has not said it. */
typedef void block_roles_fn(const json_t *roles, void *user);

/* Once, from the loop, never from within this. False: it is not, for want of memory or room. */
[[nodiscard]] bool block_roles_ask(struct block_roles *roles, block_roles_fn *done, void *user);

/* The connection's name; json_null(): none, or it is not known. */
json_t *block_roles_receiver(const json_t *roles, const char *block);
json_t *block_roles_sender(const json_t *roles, const char *block);

#endif
