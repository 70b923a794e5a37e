/* Process data: the data blocks of keystore-ouc, which it is asked to change. */
#ifndef HTTPS_API_DATA_H
#define HTTPS_API_DATA_H

#include "api_events.h"

struct api_data;

struct api_data *api_data_new(struct api *api); /* NULL: no memory */
/* Once no call is under way, and no feed is left; NULL is fine. */
void api_data_free(struct api_data *data);

/* Values as they change, in feeds: event "data". */
extern const struct api_feed_part api_data_part;

#endif
