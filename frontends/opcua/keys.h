/*
 * The private key's work by keystored, waited for. Hides the connection, which is there from its
 * first use on, and that no answer comes for ever: whoever waits here holds everybody up.
 */
#ifndef OPCUA_KEYS_H
#define OPCUA_KEYS_H

#include "policy.h"

#define KEYS_DEADLINE_MS 3000

struct keys;

/* @socket: keystored's; NULL: its default; borrowed. NULL: no memory. */
struct keys *keys_new(const char *socket);
void keys_free(struct keys *keys); /* NULL is fine */

/* As of struct policy_keys. */
UA_StatusCode keys_sign(struct keys *keys, const struct policy_order *order, uint8_t *signature);
UA_StatusCode keys_decrypt(struct keys *keys, const struct policy_order *order, uint8_t *plain,
			   size_t *ret_len);

#endif
