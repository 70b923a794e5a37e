#include "orphans.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/evp.h>

#include "template.h"

#define HANDLES_MAX	16
#define TRANSIENT_FIRST ((TPM2_HANDLE)TPM2_HT_TRANSIENT << 24)

static size_t handles_get(ESYS_CONTEXT *esys, TPM2_HANDLE first, TPM2_HANDLE *ret_handles)
{
	TPMS_CAPABILITY_DATA *data = NULL;
	size_t count = 0;
	TPMI_YES_NO more;

	if (Esys_GetCapability(esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_HANDLES,
			       first, HANDLES_MAX, &more, &data))
		return 0;
	for (; count < data->data.handles.count && count < HANDLES_MAX; count++)
		ret_handles[count] = data->data.handles.handle[count];
	Esys_Free(data);
	return count;
}

/* nameAlg || H(@above || @name), SHA-256 being our primary's and our keys' nameAlg. */
static bool qualified_name(const uint8_t *above, size_t above_len, const TPM2B_NAME *name,
			   TPM2B_NAME *ret_qualified)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	TPM2B_NAME qualified = {.size = 2 + 32, .name = {TPM2_ALG_SHA256 >> 8, TPM2_ALG_SHA256}};
	bool is_done = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) &&
		       EVP_DigestUpdate(context, above, above_len) &&
		       EVP_DigestUpdate(context, name->name, name->size) &&
		       EVP_DigestFinal_ex(context, qualified.name + 2, NULL);

	EVP_MD_CTX_free(context);
	if (is_done)
		*ret_qualified = qualified;
	return is_done;
}

static bool primary_qualified_name(const TPM2B_NAME *name, TPM2B_NAME *ret_qualified)
{
	static const uint8_t owner[] = {0x40, 0x00, 0x00, 0x01};

	return qualified_name(owner, sizeof(owner), name, ret_qualified);
}

static bool names_are_equal(const TPM2B_NAME *a, const TPM2B_NAME *b)
{
	return a->size == b->size && memcmp(a->name, b->name, a->size) == 0;
}

struct object {
	ESYS_TR esys;
	TPM2B_NAME name, qualified;
	bool is_primary;
};

/* False: it cannot be looked at, or is one of @kept. */
static bool object_look(ESYS_CONTEXT *esys, const struct orphans_kept *kept, TPM2_HANDLE handle,
			struct object *ret_object)
{
	TPM2B_NAME *name = NULL, *qualified = NULL;
	TPM2B_PUBLIC *public = NULL;
	struct object object = {0};
	TPM2B_NAME expected;

	for (size_t i = 0; i < kept->object_count; i++)
		if (kept->objects[i] == handle)
			return false;
	if (Esys_TR_FromTPMPublic(esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
				  &object.esys))
		return false;
	if (Esys_ReadPublic(esys, object.esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &public,
			    &name, &qualified)) {
		Esys_TR_Close(esys, &object.esys);
		return false;
	}
	object.name = *name;
	object.qualified = *qualified;
	object.is_primary = template_is_primary(&public->publicArea) &&
			    primary_qualified_name(name, &expected) &&
			    names_are_equal(qualified, &expected);
	Esys_Free(public);
	Esys_Free(name);
	Esys_Free(qualified);
	*ret_object = object;
	return true;
}

static unsigned objects_flush(ESYS_CONTEXT *esys, const struct orphans_kept *kept)
{
	TPM2B_NAME primary = {0}, expected;
	TPM2_HANDLE handles[HANDLES_MAX];
	struct object objects[HANDLES_MAX];
	size_t handle_count = handles_get(esys, TRANSIENT_FIRST, handles), count = 0;
	unsigned flushed = 0;

	for (size_t i = 0; i < handle_count; i++)
		count += object_look(esys, kept, handles[i], &objects[count]);
	if (kept->primary)
		primary_qualified_name(kept->primary, &primary);
	for (size_t i = 0; i < count; i++)
		if (objects[i].is_primary)
			primary = objects[i].qualified;
	for (size_t i = 0; i < count; i++) {
		bool is_child =
			primary.size &&
			qualified_name(primary.name, primary.size, &objects[i].name, &expected) &&
			names_are_equal(&objects[i].qualified, &expected);

		if ((objects[i].is_primary || is_child) &&
		    !Esys_FlushContext(esys, objects[i].esys))
			flushed++;
		else
			Esys_TR_Close(esys, &objects[i].esys);
	}
	return flushed;
}

static unsigned sessions_flush(ESYS_CONTEXT *esys, const struct orphans_kept *kept)
{
	TPM2_HANDLE handles[HANDLES_MAX];
	size_t count = handles_get(esys, TPM2_LOADED_SESSION_FIRST, handles);
	unsigned flushed = 0;
	ESYS_TR session;

	for (size_t i = 0; i < count; i++) {
		if (handles[i] == kept->session ||
		    Esys_TR_FromTPMPublic(esys, handles[i], ESYS_TR_NONE, ESYS_TR_NONE,
					  ESYS_TR_NONE, &session))
			continue;
		if (Esys_FlushContext(esys, session))
			Esys_TR_Close(esys, &session);
		else
			flushed++;
	}
	return flushed;
}

unsigned orphans_flush(ESYS_CONTEXT *esys, const struct orphans_kept *kept)
{
	return objects_flush(esys, kept) + sessions_flush(esys, kept);
}
