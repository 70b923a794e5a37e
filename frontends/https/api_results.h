/* Answers that several operations have: pages, and what became of a certificate. */
#ifndef HTTPS_API_RESULTS_H
#define HTTPS_API_RESULTS_H

#include "api.h"

/* {"@name": @list, "more": @more}; @list is taken; NULL: no memory, 500. */
void api_answer_page(struct api_call *call, const char *name, json_t *list, bool more);

/* {"certs": …} and {"certs": …, "notes": …}, 201 or 200 */
json_t *api_certs_json(const struct ks_result *result);
json_t *api_findings_json(const struct ks_result *result);

/* ks_done_fn for @user, a struct api_call: 204; a page of certificates; {"cert": …, "note": …}. */
void api_done_nothing(const struct ks_result *result, void *user);
void api_done_made(const struct ks_result *result, void *user);	   /* 201 */
void api_done_changed(const struct ks_result *result, void *user); /* 200 */
void api_done_cert(const struct ks_result *result, void *user);	   /* 200, the certificate alone */

#endif
