/*
 * What a request does to a trust group, as change.h applies it: entries come and go, and what has
 * to hold of a CRL and its issuer is looked at when it is applied. Hides the order.
 */
#ifndef TRUST_CHANGE_H
#define TRUST_CHANGE_H

#include <keystore.pb-c.h>

#include "change.h"
#include "store_trust.h"

#define TRUST_ITEMS_MAX 256 /* entries of one request */
#define TRUST_AUTO_MAX	256 /* of a group that may be accepted by themselves */

struct trust_item {
	enum store_list list;
	struct entry_facts facts;
	uint8_t *der;
	size_t der_len;
};

struct trust_change {
	struct change change;
	uint64_t group_id;
	char group[NAMES_KEY_MAX + 1];
	uint64_t revision; /* of the group when this was made */
	unsigned cleared;  /* lists that are emptied first: bits 1 << enum store_list */
	bool removes;	   /* the entry with … */
	enum store_list from;
	uint8_t fingerprint[32];
	bool auto_accepts;
	struct trust_item *items;
	size_t count;
	/* Answers the request where it is applied at once. NULL: without a body. */
	void (*reply)(struct request *request, struct trust_change *change);
	void *state; /* for reply(); freed with state_free() */
	void (*state_free)(void *state);
};

/* NULL: no memory. */
struct trust_change *trust_change_new(const struct store_group *group);

/* Copies @der. False: no memory, or there are TRUST_ITEMS_MAX. */
bool trust_change_add(struct trust_change *change, enum store_list list,
		      const struct entry_facts *facts, const uint8_t *der, size_t len);

/* "trusted certificates", as sentences have it. */
const char *trust_list_text(enum store_list list);

/* Tells those who may use the group. */
void trust_publish(struct service *service, uint64_t group_id, Keystore__V1__Event *event);
void trust_publish_changed(struct service *service, uint64_t group_id, const char *name);

#endif
