#include "provider.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <stdarg.h>
#include <stdlib.h>

#include "link.h"

#define TIMEOUT_SECONDS_MAX 3600

#define PROPERTY      "provider=keystore"
#define RSA	      "RSA:rsaEncryption:1.2.840.113549.1.1.1"
#define RSA_PSS	      "RSA-PSS:RSASSA-PSS:1.2.840.113549.1.1.10"
#define EC	      "EC:id-ecPublicKey:1.2.840.10045.2.1"
#define DER_REFERENCE PROPERTY ",input=der,structure=KeystoreReference"

static const OSSL_ALGORITHM keymgmts[] = {
	{RSA, PROPERTY, keymgmt_rsa, "RSA keys of keystored"},
	{RSA_PSS, PROPERTY, keymgmt_rsa_pss, "RSA keys of keystored, for PSS only"},
	{EC, PROPERTY, keymgmt_ec, "EC keys of keystored"},
	{0},
};

static const OSSL_ALGORITHM signatures[] = {
	{RSA, PROPERTY, signature_rsa, "RSA signatures by keystored"},
	{"ECDSA", PROPERTY, signature_ecdsa, "ECDSA signatures by keystored"},
	{0},
};

static const OSSL_ALGORITHM ciphers[] = {
	{RSA, PROPERTY, cipher_rsa, "RSA-OAEP decryption by keystored"},
	{0},
};

static const OSSL_ALGORITHM exchanges[] = {
	{"ECDH", PROPERTY, exchange_ecdh, "ECDH of other providers' keys"},
	{0},
};

static const OSSL_ALGORITHM stores[] = {
	{"keystore", PROPERTY, store_keystore, "keystore:NAME, keystore:ID"},
	{0},
};

static const OSSL_ALGORITHM decoders[] = {
	{"DER", PROPERTY ",input=pem", decoder_pem, "reference files"},
	{RSA, DER_REFERENCE, decoder_rsa, "references to RSA keys"},
	{RSA_PSS, DER_REFERENCE, decoder_rsa_pss, "references to RSA-PSS keys"},
	{EC, DER_REFERENCE, decoder_ec, "references to EC keys"},
	{0},
};

/* Nothing else: with RAND or DIGEST here each handshake would come by. */
static const struct {
	int operation;
	const OSSL_ALGORITHM *algorithms;
} operations[] = {
	{OSSL_OP_KEYMGMT, keymgmts},	{OSSL_OP_SIGNATURE, signatures},
	{OSSL_OP_ASYM_CIPHER, ciphers}, {OSSL_OP_KEYEXCH, exchanges},
	{OSSL_OP_STORE, stores},	{OSSL_OP_DECODER, decoders},
};

static const OSSL_ITEM reasons[] = {
	{PROVIDER_REFUSED, (void *)(uintptr_t) "refused by keystored"},
	{PROVIDER_UNREACHABLE, (void *)(uintptr_t) "keystored not reachable"},
	{PROVIDER_NOT_SUPPORTED, (void *)(uintptr_t) "not supported with keys of keystored"},
	{PROVIDER_BAD_REFERENCE, (void *)(uintptr_t) "not a reference to a key of keystored"},
	{PROVIDER_NO_MEMORY, (void *)(uintptr_t) "out of memory"},
	{PROVIDER_OPENSSL, (void *)(uintptr_t) "another provider failed"},
	{PROVIDER_UNAVAILABLE, (void *)(uintptr_t) "not available at keystored now"},
	{0, NULL},
};

bool provider_raise(const struct provider *provider, enum provider_reason reason, const char *file,
		    int line, const char *function, const char *format, ...)
{
	va_list arguments;

	provider->new_error(provider->core);
	provider->set_error_debug(provider->core, file, line, function);
	va_start(arguments, format);
	provider->vset_error(provider->core, (uint32_t)reason, format, arguments);
	va_end(arguments);
	return false;
}

static enum provider_reason reason_of(enum ks_status status)
{
	if (status == KS_UNREACHABLE || status == KS_DISCONNECTED)
		return PROVIDER_UNREACHABLE;
	if (status == KS_UNAVAILABLE || status == KS_BUSY || status == KS_DEADLINE)
		return PROVIDER_UNAVAILABLE;
	return PROVIDER_REFUSED;
}

bool provider_fail_answer(const struct provider *provider, const struct call_answer *answer)
{
	return provider_fail(provider, reason_of(answer->status), "%s", answer->message);
}

static const OSSL_PARAM *gettable_params(void *context)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_DEFN(OSSL_PROV_PARAM_NAME, OSSL_PARAM_UTF8_PTR, NULL, 0),
		OSSL_PARAM_DEFN(OSSL_PROV_PARAM_VERSION, OSSL_PARAM_UTF8_PTR, NULL, 0),
		OSSL_PARAM_DEFN(OSSL_PROV_PARAM_BUILDINFO, OSSL_PARAM_UTF8_PTR, NULL, 0),
		OSSL_PARAM_DEFN(OSSL_PROV_PARAM_STATUS, OSSL_PARAM_INTEGER, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)context;
	return params;
}

static int set_text(OSSL_PARAM params[], const char *key, const char *text)
{
	OSSL_PARAM *param = OSSL_PARAM_locate(params, key);

	return !param || OSSL_PARAM_set_utf8_ptr(param, text);
}

static int get_params(void *context, OSSL_PARAM params[])
{
	OSSL_PARAM *status = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_STATUS);

	(void)context;
	return set_text(params, OSSL_PROV_PARAM_NAME, "Keys of keystored") &&
	       set_text(params, OSSL_PROV_PARAM_VERSION, KEYSTORE_VERSION) &&
	       set_text(params, OSSL_PROV_PARAM_BUILDINFO, KEYSTORE_VERSION) &&
	       (!status || OSSL_PARAM_set_int(status, 1));
}

static const OSSL_ALGORITHM *query_operation(void *context, int operation, int *ret_no_cache)
{
	(void)context;
	*ret_no_cache = 0;
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (operations[i].operation == operation)
			return operations[i].algorithms;
	return NULL;
}

static const OSSL_ITEM *get_reason_strings(void *context)
{
	(void)context;
	return reasons;
}

static void teardown(void *context)
{
	struct provider *provider = context;

	courier_free(provider->courier);
	OSSL_LIB_CTX_free(provider->libctx);
	free(provider);
}

static const OSSL_DISPATCH functions[] = {
	{OSSL_FUNC_PROVIDER_TEARDOWN, (void (*)(void))teardown},
	{OSSL_FUNC_PROVIDER_GETTABLE_PARAMS, (void (*)(void))gettable_params},
	{OSSL_FUNC_PROVIDER_GET_PARAMS, (void (*)(void))get_params},
	{OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query_operation},
	{OSSL_FUNC_PROVIDER_GET_REASON_STRINGS, (void (*)(void))get_reason_strings},
	{0, NULL},
};

/* What the provider's section of openssl.cnf has under @name. NULL: nothing. */
static const char *configured(const OSSL_CORE_HANDLE *core,
			      OSSL_FUNC_core_get_params_fn *read_params, const char *name)
{
	char *text = NULL;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_ptr(name, &text, 0),
		OSSL_PARAM_construct_end(),
	};

	if (!read_params || !read_params(core, params))
		return NULL;
	return text;
}

/* "timeout = SECONDS", 1 to 3600. False: something else. */
static bool read_timeout(const char *text, uint32_t *ret_ms)
{
	char *end = NULL;
	long seconds;

	if (!text) {
		*ret_ms = LINK_TIMEOUT_MS;
		return true;
	}
	seconds = strtol(text, &end, 10);
	if (end == text || *end || seconds < 1 || seconds > TIMEOUT_SECONDS_MAX)
		return false;
	*ret_ms = (uint32_t)seconds * 1000;
	return true;
}

static bool open_courier(struct provider *provider, OSSL_FUNC_core_get_params_fn *read_params)
{
	const char *timeout = configured(provider->core, read_params, "timeout");
	uint32_t timeout_ms;

	if (!read_timeout(timeout, &timeout_ms))
		return provider_fail(provider, PROVIDER_NOT_SUPPORTED,
				     "openssl.cnf, section of the provider keystore: timeout = %s "
				     "is not 1 to %d seconds",
				     timeout, TIMEOUT_SECONDS_MAX);
	provider->courier =
		courier_new(configured(provider->core, read_params, "socket"), timeout_ms);
	return provider->courier != NULL;
}

static struct provider *provider_new(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *in)
{
	struct provider *provider = calloc(1, sizeof(*provider));
	OSSL_FUNC_core_get_params_fn *core_get_params = NULL;

	if (!provider)
		return NULL;
	provider->core = core;
	for (const OSSL_DISPATCH *at = in; at->function_id; at++)
		switch (at->function_id) {
		case OSSL_FUNC_CORE_NEW_ERROR:
			provider->new_error = OSSL_FUNC_core_new_error(at);
			break;
		case OSSL_FUNC_CORE_SET_ERROR_DEBUG:
			provider->set_error_debug = OSSL_FUNC_core_set_error_debug(at);
			break;
		case OSSL_FUNC_CORE_VSET_ERROR:
			provider->vset_error = OSSL_FUNC_core_vset_error(at);
			break;
		case OSSL_FUNC_CORE_GET_PARAMS:
			core_get_params = OSSL_FUNC_core_get_params(at);
			break;
		default:
			break;
		}
	if (provider->new_error && provider->set_error_debug && provider->vset_error &&
	    open_courier(provider, core_get_params))
		provider->libctx = OSSL_LIB_CTX_new_from_dispatch(core, in);
	return provider;
}

/* What OpenSSL calls when it has loaded the module: provider-base(7). */
__attribute__((visibility("default"))) int OSSL_provider_init(const OSSL_CORE_HANDLE *core,
							      const OSSL_DISPATCH *in,
							      const OSSL_DISPATCH **ret_out,
							      void **ret_context)
{
	struct provider *provider = provider_new(core, in);

	if (!provider)
		return 0;
	if (!provider->libctx) {
		teardown(provider);
		return 0;
	}
	*ret_out = functions;
	*ret_context = provider;
	return 1;
}
