#include "pending.h"

/* An id is a sequence number above the slot's index. */
uint64_t pending_add(struct pending_table *table, const struct pending *entry)
{
	uint16_t index = table->first_free;

	if (table->free_count > 0) {
		table->first_free = table->slots[index].next_free;
		table->free_count--;
	} else if (table->used_once < PENDING_MAX) {
		index = table->used_once++;
	} else {
		return 0;
	}
	table->slots[index] = *entry;
	table->slots[index].id = ++table->sequence * PENDING_MAX + index;
	return table->slots[index].id;
}

bool pending_take(struct pending_table *table, uint64_t id, struct pending *ret_entry)
{
	uint16_t index = id % PENDING_MAX;
	struct pending *slot = &table->slots[index];

	if (id == 0 || slot->id != id)
		return false;
	*ret_entry = *slot;
	*slot = (struct pending){.next_free = table->first_free};
	table->first_free = index;
	table->free_count++;
	return true;
}

bool pending_take_any(struct pending_table *table, struct pending *ret_entry)
{
	for (uint16_t i = 0; i < table->used_once; i++)
		if (table->slots[i].id && pending_take(table, table->slots[i].id, ret_entry))
			return true;
	return false;
}
