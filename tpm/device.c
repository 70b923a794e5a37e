#include "device.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "public.h"
#include "response.h"

/* HMAC sessions of other implementations were seen failing after 65,000 commands. */
#define SESSION_USES_MAX 10000
#define SLOTS_LEAST	 3

static TSS2_RC property_get(struct device *device, TPM2_PT property, uint32_t *ret_value)
{
	TPMS_CAPABILITY_DATA *data = NULL;
	TPMI_YES_NO more;
	TSS2_RC rc;

	rc = Esys_GetCapability(device->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
				TPM2_CAP_TPM_PROPERTIES, property, 1, &more, &data);
	if (rc)
		return rc;
	/* A TPM without the property answers with the next one. */
	*ret_value = 0;
	if (data->data.tpmProperties.count > 0 &&
	    data->data.tpmProperties.tpmProperty[0].property == property)
		*ret_value = data->data.tpmProperties.tpmProperty[0].value;
	Esys_Free(data);
	return TSS2_RC_SUCCESS;
}

/* Properties that are four characters each, padded with whatever the maker liked. */
static TSS2_RC text_get(struct device *device, TPM2_PT first, unsigned count,
			char ret_text[TPM_TEXT_MAX])
{
	char text[TPM_TEXT_MAX] = "";
	size_t len = 0;

	for (unsigned i = 0; i < count; i++) {
		uint32_t value = 0;
		TSS2_RC rc = property_get(device, first + i, &value);

		if (rc)
			return rc;
		for (int shift = 24; shift >= 0 && len + 1 < sizeof(text); shift -= 8) {
			char c = (char)(value >> shift & 0xff);

			if (isgraph((unsigned char)c) ||
			    (c == ' ' && len > 0 && text[len - 1] != ' '))
				text[len++] = c;
		}
	}
	while (len > 0 && text[len - 1] == ' ')
		len--;
	text[len] = '\0';
	memcpy(ret_text, text, sizeof(text));
	return TSS2_RC_SUCCESS;
}

static TSS2_RC identity_get(struct device *device)
{
	struct tpm_facts *facts = &device->facts;
	uint32_t v1 = 0, v2 = 0;
	TSS2_RC rc;

	rc = text_get(device, TPM2_PT_MANUFACTURER, 1, facts->manufacturer);
	if (!rc)
		rc = text_get(device, TPM2_PT_VENDOR_STRING_1, 4, facts->model);
	if (!rc)
		rc = property_get(device, TPM2_PT_FIRMWARE_VERSION_1, &v1);
	if (!rc)
		rc = property_get(device, TPM2_PT_FIRMWARE_VERSION_2, &v2);
	snprintf(facts->firmware, sizeof(facts->firmware), "%u.%u.%u.%u", v1 >> 16, v1 & 0xffff,
		 v2 >> 16, v2 & 0xffff);
	return rc;
}

static bool rsa_is_there(struct device *device, enum tpm_algorithm algorithm)
{
	TPMT_PUBLIC_PARMS parms = {
		.type = TPM2_ALG_RSA,
		.parameters.rsaDetail = {.symmetric.algorithm = TPM2_ALG_NULL,
					 .scheme.scheme = TPM2_ALG_NULL,
					 .keyBits = public_rsa_bits(algorithm),
					 .exponent = 0},
	};

	return !Esys_TestParms(device->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &parms);
}

static TSS2_RC curves_get(struct device *device)
{
	TPMS_CAPABILITY_DATA *data = NULL;
	TPMI_YES_NO more;
	TSS2_RC rc;

	rc = Esys_GetCapability(device->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
				TPM2_CAP_ECC_CURVES, 0, TPM2_MAX_ECC_CURVES, &more, &data);
	if (rc)
		return rc;
	for (enum tpm_algorithm a = TPM_EC_P256; a < TPM_ALGORITHM_COUNT; a++)
		for (uint32_t i = 0; i < data->data.eccCurves.count; i++)
			if (data->data.eccCurves.eccCurves[i] == public_curve(a))
				device->facts.has_algorithm[a] = true;
	Esys_Free(data);
	return TSS2_RC_SUCCESS;
}

static TSS2_RC hashes_get(struct device *device)
{
	for (enum tpm_hash h = TPM_SHA1; h < TPM_HASH_COUNT; h++) {
		TPMS_CAPABILITY_DATA *data = NULL;
		TPMI_YES_NO more;
		TSS2_RC rc;

		rc = Esys_GetCapability(device->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
					TPM2_CAP_ALGS, public_hash_alg(h), 1, &more, &data);
		if (rc)
			return rc;
		device->facts.has_hash[h] =
			data->data.algorithms.count > 0 &&
			data->data.algorithms.algProperties[0].alg == public_hash_alg(h);
		Esys_Free(data);
	}
	return TSS2_RC_SUCCESS;
}

static TSS2_RC clock_get(struct device *device, uint32_t *ret_reset, uint32_t *ret_restart)
{
	TPMS_TIME_INFO *time = NULL;
	TSS2_RC rc = Esys_ReadClock(device->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &time);

	if (rc)
		return rc;
	*ret_reset = time->clockInfo.resetCount;
	*ret_restart = time->clockInfo.restartCount;
	Esys_Free(time);
	return TSS2_RC_SUCCESS;
}

/* Persistent handles in use within our range. */
static TSS2_RC range_used(struct device *device, uint32_t *ret_used)
{
	const struct tpm_config *config = device->config;
	uint32_t next = config->persistent_first, used = 0;
	TPMI_YES_NO more = TPM2_YES;

	while (more && next <= config->persistent_last) {
		TPMS_CAPABILITY_DATA *data = NULL;
		TSS2_RC rc;

		rc = Esys_GetCapability(device->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
					TPM2_CAP_HANDLES, next, TPM2_MAX_CAP_HANDLES, &more, &data);
		if (rc)
			return rc;
		if (data->data.handles.count == 0)
			more = TPM2_NO;
		for (uint32_t i = 0; i < data->data.handles.count; i++) {
			uint32_t handle = data->data.handles.handle[i];

			/* A TPM that repeats itself must not keep us here. */
			if (handle < next)
				more = TPM2_NO;
			else if (handle <= config->persistent_last)
				used++;
			next = handle + 1;
		}
		Esys_Free(data);
	}
	*ret_used = used;
	return TSS2_RC_SUCCESS;
}

TSS2_RC device_refresh(struct device *device)
{
	uint32_t range = device->config->persistent_last - device->config->persistent_first + 1;
	uint32_t permanent = 0, room = 0, used = 0;
	TSS2_RC rc;

	rc = property_get(device, TPM2_PT_PERMANENT, &permanent);
	if (!rc)
		rc = property_get(device, TPM2_PT_HR_PERSISTENT_AVAIL, &room);
	if (!rc)
		rc = range_used(device, &used);
	if (rc)
		return rc;
	device->facts.persistent_free = range - used < room ? range - used : room;
	device->facts.state = TPM_STATE_READY;
	device->facts.reason[0] = '\0';
	if (permanent & TPMA_PERMANENT_INLOCKOUT) {
		device->facts.state = TPM_STATE_LOCKED_OUT;
		snprintf(device->facts.reason, sizeof(device->facts.reason),
			 "dictionary-attack lockout: objects of other programs are refused until "
			 "it ends by itself or by tpm2_dictionarylockout -c");
	}
	return TSS2_RC_SUCCESS;
}

static TSS2_RC facts_get(struct device *device)
{
	uint32_t slots = 0;
	TSS2_RC rc = identity_get(device);

	if (!rc)
		rc = property_get(device, TPM2_PT_HR_TRANSIENT_MIN, &slots);
	if (!rc)
		rc = curves_get(device);
	if (!rc)
		rc = hashes_get(device);
	if (!rc)
		rc = device_refresh(device);
	if (rc)
		return rc;
	for (enum tpm_algorithm a = TPM_RSA_2048; a <= TPM_RSA_4096; a++)
		device->facts.has_algorithm[a] = rsa_is_there(device, a);
	device->facts.transient_slots = slots < SLOTS_LEAST ? SLOTS_LEAST : slots;
	return clock_get(device, &device->reset_count, &device->restart_count);
}

static TSS2_RC owner_auth_set(struct device *device)
{
	const char *auth = device->config->owner_auth;
	TPM2B_AUTH value = {0};

	if (!auth)
		return TSS2_RC_SUCCESS;
	value.size = (UINT16)strnlen(auth, sizeof(value.buffer));
	memcpy(value.buffer, auth, value.size);
	return Esys_TR_SetAuth(device->esys, ESYS_TR_RH_OWNER, &value);
}

enum tpm_status device_open(struct device *device, const struct tpm_config *config,
			    struct tcti_watch *watch, char ret_error[TPM_ERROR_MAX])
{
	const char *name = config->tcti ? config->tcti : "/dev/tpmrm0";
	enum tpm_status status = TPM_OK;
	TSS2_RC rc;

	*device = (struct device){
		.config = config, .watch = watch, .session = ESYS_TR_NONE, .salt = device->salt};
	rc = tcti_open(config->tcti, config->command_timeout_ms, watch, &device->tcti);
	if (rc) {
		snprintf(ret_error, TPM_ERROR_MAX,
			 "no TPM at “%s”: check that the device or simulator is there, and that "
			 "the service may open it",
			 name);
		return TPM_UNAVAILABLE;
	}
	rc = Esys_Initialize(&device->esys, device->tcti, NULL);
	if (!rc)
		rc = facts_get(device);
	if (rc && response_kind(rc) == RESPONSE_NOT_READY) {
		rc = Esys_Startup(device->esys, TPM2_SU_CLEAR);
		if (!rc)
			rc = facts_get(device);
	}
	if (!rc)
		rc = owner_auth_set(device);
	if (rc) {
		response_describe(rc, "to tell what it is", ret_error);
		status = TPM_UNAVAILABLE;
		device_close(device, false);
	}
	return status;
}

void device_close(struct device *device, bool is_orderly)
{
	if (device->esys && is_orderly) {
		device_session_drop(device);
		Esys_Shutdown(device->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
			      TPM2_SU_CLEAR);
	}
	Esys_Finalize(&device->esys);
	tcti_close(device->tcti);
	device->tcti = NULL;
	device->session = ESYS_TR_NONE;
}

bool device_was_reset(struct device *device)
{
	uint32_t reset, restart;

	return clock_get(device, &reset, &restart) || reset != device->reset_count ||
	       restart != device->restart_count;
}

TSS2_RC device_session(struct device *device, ESYS_TR parent, TPMA_SESSION attributes,
		       ESYS_TR *ret_session)
{
	const TPMT_SYM_DEF aes = {
		.algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB};
	TSS2_RC rc;

	if (device->session_uses >= SESSION_USES_MAX)
		device_session_drop(device);
	if (device->session == ESYS_TR_NONE) {
		rc = Esys_StartAuthSession(device->esys, parent, ESYS_TR_NONE, ESYS_TR_NONE,
					   ESYS_TR_NONE, ESYS_TR_NONE, NULL, TPM2_SE_HMAC, &aes,
					   TPM2_ALG_SHA256, &device->session);
		if (rc) {
			device->session = ESYS_TR_NONE;
			return rc;
		}
		device->session_uses = 0;
	}
	rc = Esys_TRSess_SetAttributes(device->esys, device->session,
				       attributes | TPMA_SESSION_CONTINUESESSION, 0xff);
	if (rc)
		return rc;
	device->session_uses++;
	*ret_session = device->session;
	return TSS2_RC_SUCCESS;
}

bool device_has_session(const struct device *device)
{
	return device->session != ESYS_TR_NONE && device->session_uses < SESSION_USES_MAX;
}

void device_session_drop(struct device *device)
{
	/* A session that the TPM no longer knows is dropped by ESYS all the same. */
	if (device->session != ESYS_TR_NONE &&
	    Esys_FlushContext(device->esys, device->session) != TSS2_RC_SUCCESS)
		Esys_TR_Close(device->esys, &device->session);
	device->session = ESYS_TR_NONE;
}
