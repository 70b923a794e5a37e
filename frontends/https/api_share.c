#include "api_share.h"

#include <stdlib.h>
#include <string.h>

struct api_share_batch {
	LIST_ENTRY(api_share_batch) entry;
	uint8_t key[API_SHARE_KEY_BYTES];
	struct api_share_members asking; /* the first of them does */
	struct api_share_members waiting;
};

struct api_share {
	LIST_HEAD(, api_share_batch) batches;
	size_t waiting;
};

struct api_share *api_share_new(void)
{
	return calloc(1, sizeof(struct api_share));
}

void api_share_free(struct api_share *share)
{
	free(share);
}

static struct api_share_batch *batch_of(struct api_share *share, const uint8_t *key)
{
	struct api_share_batch *batch;

	LIST_FOREACH(batch, &share->batches, entry)
	{
		if (memcmp(batch->key, key, sizeof(batch->key)) == 0)
			return batch;
	}
	return NULL;
}

enum api_share_turn api_share_enter(struct api_share *share, const uint8_t key[API_SHARE_KEY_BYTES],
				    struct api_share_member *member)
{
	struct api_share_batch *batch = batch_of(share, key);

	if (batch) {
		if (share->waiting == API_SHARE_WAITING_MAX)
			return API_SHARE_FULL;
		share->waiting++;
		member->batch = batch;
		TAILQ_INSERT_TAIL(&batch->waiting, member, entry);
		return API_SHARE_WAITS;
	}
	batch = calloc(1, sizeof(*batch));
	if (!batch)
		return API_SHARE_FULL;
	memcpy(batch->key, key, sizeof(batch->key));
	TAILQ_INIT(&batch->asking);
	TAILQ_INIT(&batch->waiting);
	TAILQ_INSERT_TAIL(&batch->asking, member, entry);
	LIST_INSERT_HEAD(&share->batches, batch, entry);
	member->batch = batch;
	return API_SHARE_STARTS;
}

struct api_share_member *api_share_end(struct api_share *share, struct api_share_member *member,
				       struct api_share_members *ret_answered)
{
	struct api_share_batch *batch = member->batch;
	struct api_share_member *each;

	TAILQ_INIT(ret_answered);
	TAILQ_CONCAT(ret_answered, &batch->asking, entry);
	TAILQ_FOREACH(each, ret_answered, entry)
	each->batch = NULL;
	TAILQ_FOREACH(each, &batch->waiting, entry)
	share->waiting--;
	TAILQ_CONCAT(&batch->asking, &batch->waiting, entry);
	if (!TAILQ_EMPTY(&batch->asking))
		return TAILQ_FIRST(&batch->asking);
	LIST_REMOVE(batch, entry);
	free(batch);
	return NULL;
}
