#include "api_results.h"

#include "json_cert.h"
#include "json_text.h"

void api_answer_page(struct api_call *call, const char *name, json_t *list, bool more)
{
	api_answer(call, 200, json_pack("{s:o, s:b}", name, list, "more", (int)more));
}

json_t *api_certs_json(const struct ks_result *result)
{
	json_t *list = json_array();

	for (size_t i = 0; i < result->cert_count; i++)
		json_append(&list, json_cert(&result->certs[i]));
	return list;
}

json_t *api_findings_json(const struct ks_result *result)
{
	json_t *list = json_array();

	for (size_t i = 0; result->check && i < result->check->finding_count; i++)
		json_append(&list, json_check_finding(&result->check->findings[i]));
	return list;
}

void api_done_nothing(const struct ks_result *result, void *user)
{
	struct api_call *call = user;

	if (api_result_is_good(call, result))
		api_answer_nothing(call);
}

/* The one certificate that it is about. NULL: answered. */
static const struct ks_cert *one_cert(struct api_call *call, const struct ks_result *result)
{
	if (!api_result_is_good(call, result))
		return NULL;
	if (result->cert_count)
		return &result->certs[0];
	api_answer(call, 200, NULL);
	return NULL;
}

static void done_with_note(const struct ks_result *result, struct api_call *call, unsigned status)
{
	const struct ks_cert *cert = one_cert(call, result);

	if (cert)
		api_answer(call, status,
			   json_pack("{s:o, s:o}", "cert", json_cert(cert), "note",
				     json_text(result->note)));
}

void api_done_made(const struct ks_result *result, void *user)
{
	done_with_note(result, user, 201);
}

void api_done_changed(const struct ks_result *result, void *user)
{
	done_with_note(result, user, 200);
}

void api_done_cert(const struct ks_result *result, void *user)
{
	struct api_call *call = user;
	const struct ks_cert *cert = one_cert(call, result);

	if (cert)
		api_answer(call, 200, json_cert(cert));
}
