/*
 * What becomes of certificates by themselves: they are renewed in time, and somebody is warned
 * of their end. Hides the walk over all of them in small steps, that one is renewed at a time,
 * and when what failed is tried again.
 *
 * Nothing is done while the clock is not believed.
 */
#ifndef UPKEEP_H
#define UPKEEP_H

struct service;
struct upkeep;

/* @service has everything else, and outlives it. NULL: no memory. */
struct upkeep *upkeep_new(struct service *service);
void upkeep_free(struct upkeep *upkeep); /* NULL is fine */

/* Looks at all certificates, soon. */
void upkeep_check(struct upkeep *upkeep);

#endif
