/*
 * A trust group's lists, as a whole: read from keystored, and staged there. Hides pages, frames, and
 * that reading ten thousand entries keeps many questions under way.
 */
#ifndef OPCUA_PUSH_LIST_H
#define OPCUA_PUSH_LIST_H

#include "push_link.h"
#include "push_trust_data.h"

struct push_list_entry {
	uint64_t id;
	uint8_t fingerprint[32];
	unsigned list;
	uint8_t *der; /* NULL: not read */
	size_t len;
	char *subject, *issuer; /* where they were asked for */
	bool is_ca;
};

struct push_list {
	struct push_list_entry *entries; /* in order of lists */
	size_t count;
};

/*
 * What is in @lists, bits 1 << list, of @group. False: the job has failed, and the list is empty.
 */
bool push_list_read(struct push_job *job, struct ks_client *client, const char *group,
		    unsigned lists, struct push_list *ret_list);
void push_list_clear(struct push_list *list);

/*
 * Takes @items for what is in @lists of @group. *ret_partial: it failed with a part of it taken.
 */
bool push_list_set(struct push_job *job, struct ks_client *client, const char *group,
		   unsigned lists, const struct push_trust_item *items, size_t count,
		   bool *ret_partial);

#endif
