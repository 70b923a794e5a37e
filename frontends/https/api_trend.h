/*
 * What keystored and this server did, second by second. Hides when samples are taken: as long as
 * somebody looks, and a minute longer.
 */
#ifndef HTTPS_API_TREND_H
#define HTTPS_API_TREND_H

#include "api.h"

#define API_TREND_SAMPLES  600 /* one a second */
#define API_TREND_AFTER_US UINT64_C(60000000)

struct api_trend;

struct api_trend *api_trend_new(struct api *api); /* NULL: no memory */
void api_trend_free(struct api_trend *trend);	  /* once the uplink is freed; NULL is fine */

/* Samples after @after, Unix time, as a list; goes on with them, or begins. NULL: no memory. */
json_t *api_trend_samples(struct api_trend *trend, uint64_t after);

#endif
