/*
 * Which objects are in the TPM: our primary, keys in transient slots (the least recently used
 * one makes room), and keys at persistent handles. Hides loading, swapping and flushing. One
 * slot is always left free: with all of them taken even a persistent key cannot sign. Used by
 * the TPM thread only.
 */
#ifndef TPM_SLOTS_H
#define TPM_SLOTS_H

#include "device.h"
#include "key.h"

struct slots;

/* NULL: no memory. */
struct slots *slots_new(struct device *device);
void slots_free(struct slots *slots);

/* The TPM was opened anew: what was loaded is gone. Adopts the TPM's limits. */
void slots_reset(struct slots *slots);

/*
 * The key, ready to be used with its auth value: persistent if it has a handle that still
 * holds it, else loaded. Valid until the next call here.
 */
[[nodiscard]] TSS2_RC slots_use(struct slots *slots, struct tpm_key *key, ESYS_TR *ret_object);

/* The owner-hierarchy primary that parent 0x40000001 means. Valid until the next call here. */
[[nodiscard]] TSS2_RC slots_primary(struct slots *slots, ESYS_TR *ret_primary);

/* Room for one more transient object while the primary stays loaded. */
[[nodiscard]] TSS2_RC slots_primary_and_room(struct slots *slots, ESYS_TR *ret_primary);

/* Unloads the key with this id, if it is there. */
void slots_forget(struct slots *slots, uint64_t key_id);

/* Lets go of whatever is used through this persistent handle. */
void slots_forget_handle(struct slots *slots, uint32_t handle);

/*
 * There was no room: flushes what earlier processes of ours left behind. True: there is more
 * room now.
 */
bool slots_reclaim(struct slots *slots);

/* Flushes every transient object of ours. */
void slots_flush(struct slots *slots);

#endif
