#include "transport.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN 64

static void *library_open(const char *name)
{
	char file[NAME_MAX_LEN + 32];

	/* Only from where libraries are installed. */
	if (strchr(name, '/'))
		return NULL;
	snprintf(file, sizeof(file), strstr(name, ".so") ? "%s" : "libtss2-tcti-%s.so.0", name);
	return dlopen(file, RTLD_NOW | RTLD_LOCAL);
}

static TSS2_RC tcti_init(void *library, const char *conf, TSS2_TCTI_CONTEXT **ret_tcti)
{
	TSS2_TCTI_CONTEXT *tcti = NULL;
	TSS2_TCTI_INFO_FUNC get_info;
	const TSS2_TCTI_INFO *info;
	size_t size = 0;
	TSS2_RC rc;
	/* POSIX promises that a function's address goes through void *; ISO C doesn't. */
	void *symbol = dlsym(library, TSS2_TCTI_INFO_SYMBOL);

	memcpy(&get_info, &symbol, sizeof(get_info));
	info = get_info ? get_info() : NULL;
	if (!info || !info->init)
		return TSS2_TCTI_RC_NOT_SUPPORTED;
	rc = info->init(NULL, &size, conf);
	if (rc)
		return rc;
	tcti = calloc(1, size);
	if (!tcti)
		return TSS2_TCTI_RC_MEMORY;
	rc = info->init(tcti, &size, conf);
	if (rc) {
		free(tcti);
		return rc;
	}
	*ret_tcti = tcti;
	return TSS2_RC_SUCCESS;
}

static TSS2_RC open_named(const char *name, struct transport *ret_transport)
{
	const char *colon = strchr(name, ':');
	size_t len = colon ? (size_t)(colon - name) : strlen(name);
	struct transport transport = {0};
	char plain[NAME_MAX_LEN];
	TSS2_RC rc;

	if (len == 0 || len >= sizeof(plain))
		return TSS2_TCTI_RC_BAD_VALUE;
	memcpy(plain, name, len);
	plain[len] = '\0';
	transport.library = library_open(plain);
	if (!transport.library)
		return TSS2_TCTI_RC_NOT_SUPPORTED;
	rc = tcti_init(transport.library, colon ? colon + 1 : NULL, &transport.tcti);
	if (rc) {
		dlclose(transport.library);
		return rc;
	}
	*ret_transport = transport;
	return TSS2_RC_SUCCESS;
}

TSS2_RC transport_open(const char *name, struct transport *ret_transport)
{
	TSS2_RC rc;

	if (name)
		return open_named(name, ret_transport);
	rc = open_named("device:/dev/tpmrm0", ret_transport);
	if (rc)
		rc = open_named("device:/dev/tpm0", ret_transport);
	return rc;
}

void transport_close(struct transport *transport)
{
	if (transport->tcti)
		Tss2_Tcti_Finalize(transport->tcti);
	free(transport->tcti);
	if (transport->library)
		dlclose(transport->library);
	*transport = (struct transport){0};
}
