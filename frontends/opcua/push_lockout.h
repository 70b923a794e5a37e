/*
 * Whether who writes a trust list could connect again by it. One that locks him out is refused, since
 * nobody might be left to undo that; written again by him within PUSH_INSIST_S, it is what he wants.
 * Hides that keystored judges, with a trust group that is there for as long as that takes.
 */
#ifndef OPCUA_PUSH_LOCKOUT_H
#define OPCUA_PUSH_LOCKOUT_H

#include "push_list.h"
#include "push_work.h"

#define PUSH_INSIST_S 60

/* @lists are to be @items, the others stay. False: the job has failed. */
bool push_lockout_allows(struct push_work *work, struct push_job *job,
			 const struct push_place *place, unsigned lists,
			 const struct push_trust_item *items, size_t count);
/* All of @list stays, but @gone and, if it is a CA's, its CRLs. */
bool push_lockout_allows_without(struct push_work *work, struct push_job *job,
				 const struct push_place *place, const struct push_list *list,
				 const struct push_list_entry *gone);

#endif
