/*
 * What kind of key a handle is. Hides the layout of public areas (TPM 2.0 Part 2, 12.2.4), and
 * when a handle's meaning ends.
 */
#ifndef PROXY_KEYS_H
#define PROXY_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chip.h"

struct key_facts {
	enum key_type type;
	unsigned bits; /* of an RSA modulus; 0: not RSA */
	bool decrypts; /* attribute decrypt, without restricted */
};

#define KEY_TABLE_MAX 64

/* Zero-initialise. */
struct key_table {
	struct {
		uint32_t handle;
		struct key_facts facts;
	} keys[KEY_TABLE_MAX];
	size_t next; /* the oldest, replaced when all are taken */
};

/* NULL: not known; ask the TPM. */
const struct key_facts *key_table_get(const struct key_table *table, uint32_t handle);
void key_table_put(struct key_table *table, uint32_t handle, const struct key_facts *facts);

/* After @command was answered by @response: handles that were filled anew or emptied. */
void key_table_follow(struct key_table *table, const uint8_t *command, size_t command_len,
		      const uint8_t *response, size_t response_len);
void key_table_clear(struct key_table *table);

/* A TPM2_ReadPublic for @handle; returns its length. */
size_t key_ask(uint32_t handle, uint8_t *ret_command);

/* From the response to that. False: there is no such key. */
bool key_answer(const uint8_t *response, size_t len, struct key_facts *ret_facts);

/* The key that a Create, CreateLoaded or CreatePrimary asks for. False: another command. */
bool key_wanted(const uint8_t *command, size_t len, struct key_facts *ret_facts);

#endif
