#include "slots.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "key_internal.h"
#include "orphans.h"
#include "response.h"
#include "template.h"

/* Objects remembered: in the TPM, or as a saved context outside it. */
#define SLOTS_MAX  96
#define PRIMARY_ID UINT64_MAX

struct slot {
	uint64_t key_id; /* 0: free */
	ESYS_TR object;	 /* ESYS_TR_NONE: swapped out */
	uint32_t handle; /* not 0: persistent there, takes no transient slot */
	TPMS_CONTEXT *context;
	uint64_t used;
};

struct slots {
	struct device *device;
	uint32_t capacity; /* transient objects of ours at once */
	uint64_t clock;
	struct slot slot[SLOTS_MAX];
};

struct slots *slots_new(struct device *device)
{
	struct slots *slots = calloc(1, sizeof(*slots));

	if (slots)
		slots->device = device;
	return slots;
}

void slots_reset(struct slots *slots)
{
	for (size_t i = 0; i < SLOTS_MAX; i++)
		Esys_Free(slots->slot[i].context);
	memset(slots->slot, 0, sizeof(slots->slot));
	slots->capacity = slots->device->facts.transient_slots - 1;
}

void slots_free(struct slots *slots)
{
	if (!slots)
		return;
	slots_reset(slots);
	free(slots);
}

static bool is_loaded(const struct slot *slot)
{
	return slot->key_id && slot->object != ESYS_TR_NONE && !slot->handle;
}

static void touch(struct slots *slots, struct slot *slot)
{
	slot->used = ++slots->clock;
}

static void unload(struct slots *slots, struct slot *slot)
{
	ESYS_CONTEXT *esys = slots->device->esys;

	if (slot->object == ESYS_TR_NONE)
		return;
	/* Closing what ESYS holds of it is all there is to do for a persistent object, and for
	 * one that the TPM lost by itself. */
	if (slot->handle || Esys_FlushContext(esys, slot->object))
		Esys_TR_Close(esys, &slot->object);
	slot->object = ESYS_TR_NONE;
}

static void drop(struct slots *slots, struct slot *slot)
{
	if (!slot->key_id)
		return;
	unload(slots, slot);
	Esys_Free(slot->context);
	*slot = (struct slot){0};
}

static struct slot *find(struct slots *slots, uint64_t key_id)
{
	for (size_t i = 0; i < SLOTS_MAX; i++)
		if (slots->slot[i].key_id == key_id)
			return &slots->slot[i];
	return NULL;
}

/* An entry for a new object; the least recently used one that is not loaded gives way. */
static struct slot *claim(struct slots *slots, uint64_t key_id)
{
	struct slot *oldest = NULL;

	for (size_t i = 0; i < SLOTS_MAX; i++) {
		struct slot *slot = &slots->slot[i];

		if (is_loaded(slot))
			continue;
		if (!oldest || slot->used < oldest->used)
			oldest = slot;
	}
	/* Never NULL: a TPM holds fewer objects than there are entries. */
	drop(slots, oldest);
	oldest->key_id = key_id;
	oldest->object = ESYS_TR_NONE;
	touch(slots, oldest);
	return oldest;
}

static uint32_t loaded_count(const struct slots *slots)
{
	uint32_t count = 0;

	for (size_t i = 0; i < SLOTS_MAX; i++)
		count += is_loaded(&slots->slot[i]);
	return count;
}

/* Its context is saved once: loading that is cheaper than the blob, and needs no parent. */
static void swap_out(struct slots *slots, struct slot *slot)
{
	if (!slot->context)
		Esys_ContextSave(slots->device->esys, slot->object, &slot->context);
	unload(slots, slot);
	if (!slot->context)
		drop(slots, slot);
}

static bool swap_out_oldest(struct slots *slots, const struct slot *keep)
{
	struct slot *oldest = NULL;

	for (size_t i = 0; i < SLOTS_MAX; i++) {
		struct slot *slot = &slots->slot[i];

		if (is_loaded(slot) && slot != keep && (!oldest || slot->used < oldest->used))
			oldest = slot;
	}
	if (oldest)
		swap_out(slots, oldest);
	return oldest != NULL;
}

static void make_room(struct slots *slots, const struct slot *keep)
{
	while (loaded_count(slots) >= slots->capacity && swap_out_oldest(slots, keep))
		;
}

/*
 * Whether to try again: the TPM has less room than it says, since other programs have objects
 * in it. What we can spare goes, and the capacity with it.
 */
static bool gave_way(struct slots *slots, TSS2_RC rc, const struct slot *keep)
{
	if (response_kind(rc) != RESPONSE_NO_ROOM)
		return false;
	if (slots->capacity > 2)
		slots->capacity--;
	return swap_out_oldest(slots, keep);
}

static TSS2_RC auth_set(struct slots *slots, const struct tpm_key *key, ESYS_TR object)
{
	TPM2B_AUTH auth = {0};
	size_t len;
	const uint8_t *bytes = tpm_key_auth(key, &len);
	TSS2_RC rc;

	auth.size = (UINT16)len;
	memcpy(auth.buffer, bytes, len);
	rc = Esys_TR_SetAuth(slots->device->esys, object, &auth);
	OPENSSL_cleanse(&auth, sizeof(auth));
	return rc;
}

/* False: there is no context, or the TPM no longer takes it. */
static bool swap_in(struct slots *slots, struct slot *slot)
{
	TSS2_RC rc;

	if (!slot->context)
		return false;
	make_room(slots, NULL);
	do
		rc = Esys_ContextLoad(slots->device->esys, slot->context, &slot->object);
	while (rc && gave_way(slots, rc, NULL));
	if (rc) {
		slot->object = ESYS_TR_NONE;
		Esys_Free(slot->context);
		slot->context = NULL;
	}
	return !rc;
}

static TSS2_RC primary_create(struct slots *slots, ESYS_TR *ret_object)
{
	const TPM2B_SENSITIVE_CREATE sensitive = {0};
	const TPM2B_PUBLIC template = template_primary();
	const TPM2B_DATA outside = {0};
	const TPML_PCR_SELECTION pcrs = {0};

	return Esys_CreatePrimary(slots->device->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD,
				  ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, &template, &outside,
				  &pcrs, ret_object, NULL, NULL, NULL, NULL);
}

static TSS2_RC primary_slot(struct slots *slots, struct slot **ret_slot)
{
	struct slot *slot = find(slots, PRIMARY_ID);
	TSS2_RC rc = TSS2_RC_SUCCESS;

	if (!slot)
		slot = claim(slots, PRIMARY_ID);
	touch(slots, slot);
	if (slot->object == ESYS_TR_NONE && !swap_in(slots, slot)) {
		make_room(slots, NULL);
		do
			rc = primary_create(slots, &slot->object);
		while (rc && gave_way(slots, rc, NULL));
	}
	if (rc) {
		slot->object = ESYS_TR_NONE;
		drop(slots, slot);
		return rc;
	}
	*ret_slot = slot;
	return TSS2_RC_SUCCESS;
}

TSS2_RC slots_primary(struct slots *slots, ESYS_TR *ret_primary)
{
	struct slot *slot;
	TSS2_RC rc = primary_slot(slots, &slot);

	if (!rc)
		*ret_primary = slot->object;
	return rc;
}

TSS2_RC slots_primary_and_room(struct slots *slots, ESYS_TR *ret_primary)
{
	struct slot *slot;
	TSS2_RC rc = primary_slot(slots, &slot);

	if (rc)
		return rc;
	make_room(slots, slot);
	*ret_primary = slot->object;
	return TSS2_RC_SUCCESS;
}

static TSS2_RC load(struct slots *slots, struct tpm_key *key, struct slot *slot)
{
	struct slot *primary;
	TSS2_RC rc = primary_slot(slots, &primary);

	if (rc)
		return rc;
	make_room(slots, primary);
	do
		rc = Esys_Load(slots->device->esys, primary->object, ESYS_TR_PASSWORD, ESYS_TR_NONE,
			       ESYS_TR_NONE, key_private_area(key), key_public_area(key),
			       &slot->object);
	while (rc && gave_way(slots, rc, primary));
	if (rc)
		slot->object = ESYS_TR_NONE;
	return rc;
}

/* Whether @handle holds this very key. */
static bool adopt_persistent(struct slots *slots, struct tpm_key *key, uint32_t handle,
			     struct slot *slot)
{
	ESYS_CONTEXT *esys = slots->device->esys;
	const struct tpm_name *expected = tpm_key_name(key);
	TPM2B_NAME *name = NULL;
	ESYS_TR object;
	bool is_it;

	if (Esys_TR_FromTPMPublic(esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &object))
		return false;
	is_it = !Esys_TR_GetName(esys, object, &name) && name->size == expected->len &&
		CRYPTO_memcmp(name->name, expected->bytes, expected->len) == 0;
	Esys_Free(name);
	if (!is_it) {
		Esys_TR_Close(esys, &object);
		return false;
	}
	slot->object = object;
	slot->handle = handle;
	return true;
}

TSS2_RC slots_use(struct slots *slots, struct tpm_key *key, ESYS_TR *ret_object)
{
	uint64_t id = tpm_key_id(key);
	uint32_t handle = tpm_key_handle(key);
	struct slot *slot = find(slots, id);
	TSS2_RC rc = TSS2_RC_SUCCESS;

	/* Pinned or unpinned since. */
	if (slot && slot->handle != handle && (slot->handle || slot->object == ESYS_TR_NONE)) {
		drop(slots, slot);
		slot = NULL;
	}
	if (!slot)
		slot = claim(slots, id);
	touch(slots, slot);
	if (slot->object == ESYS_TR_NONE) {
		if (!(handle && adopt_persistent(slots, key, handle, slot)) &&
		    !swap_in(slots, slot))
			rc = load(slots, key, slot);
		if (!rc)
			rc = auth_set(slots, key, slot->object);
	}
	if (rc) {
		drop(slots, slot);
		return rc;
	}
	*ret_object = slot->object;
	return TSS2_RC_SUCCESS;
}

void slots_forget(struct slots *slots, uint64_t key_id)
{
	struct slot *slot = find(slots, key_id);

	if (slot)
		drop(slots, slot);
}

void slots_forget_handle(struct slots *slots, uint32_t handle)
{
	for (size_t i = 0; i < SLOTS_MAX; i++)
		if (slots->slot[i].key_id && slots->slot[i].handle == handle)
			drop(slots, &slots->slot[i]);
}

void slots_flush(struct slots *slots)
{
	for (size_t i = 0; i < SLOTS_MAX; i++)
		if (is_loaded(&slots->slot[i]))
			drop(slots, &slots->slot[i]);
}

bool slots_reclaim(struct slots *slots)
{
	struct orphans_kept kept = {0};
	ESYS_CONTEXT *esys = slots->device->esys;
	const struct slot *primary = find(slots, PRIMARY_ID);
	TPM2B_NAME *name = NULL;
	unsigned flushed;

	for (size_t i = 0; i < SLOTS_MAX; i++)
		if (is_loaded(&slots->slot[i]) &&
		    !Esys_TR_GetTpmHandle(esys, slots->slot[i].object,
					  &kept.objects[kept.object_count]))
			kept.object_count++;
	if (slots->device->session != ESYS_TR_NONE)
		Esys_TR_GetTpmHandle(esys, slots->device->session, &kept.session);
	if (primary && is_loaded(primary) && !Esys_TR_GetName(esys, primary->object, &name))
		kept.primary = name;
	flushed = orphans_flush(esys, &kept);
	Esys_Free(name);
	if (flushed)
		slots->capacity = slots->device->facts.transient_slots - 1;
	return flushed > 0;
}
