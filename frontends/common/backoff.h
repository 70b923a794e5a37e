/* How long to wait before the next try. Pure. */
#ifndef COMMON_BACKOFF_H
#define COMMON_BACKOFF_H

#include <stdint.h>

#define BACKOFF_FIRST_MS   1000u
#define BACKOFF_LAST_MS	   300000u /* of a deployment */
#define BACKOFF_SERVICE_MS 30000u  /* of the connection: whoever restarts it waits for us */

/* After @failures in a row, the first being 1: one second, then twice as long each, up to @last. */
uint32_t backoff_ms(unsigned failures, uint32_t last);

#endif
