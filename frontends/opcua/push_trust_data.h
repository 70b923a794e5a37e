/*
 * A trust list as a file has it: TrustListDataType (OPC 10000-12 7.8.2.8) in OPC UA's binary encoding
 * (OPC 10000-6 5.2). Hides the encoding. What is read comes from the network, and nothing is taken
 * for granted but its length.
 */
#ifndef OPCUA_PUSH_TRUST_DATA_H
#define OPCUA_PUSH_TRUST_DATA_H

#include <stddef.h>
#include <stdint.h>

#define PUSH_TRUST_ENTRIES_MAX 10000
#define PUSH_TRUST_ENTRY_MAX   (256 * 1024) /* bytes of a CRL */
#define PUSH_TRUST_LISTS       4
#define PUSH_TRUST_ALL	       0xfu /* TrustListMasks: bits 1 << list */

/* One certificate or CRL of the lists: 0 trusted certificates, 1 trusted CRLs, 2 issuers', 3 theirs. */
struct push_trust_item {
	const uint8_t *der; /* borrowed */
	size_t len;
	unsigned list;
};

enum push_trust_status {
	PUSH_TRUST_OK = 0,
	PUSH_TRUST_MALFORMED,
	PUSH_TRUST_TOO_MANY, /* over PUSH_TRUST_ENTRIES_MAX, or an entry over PUSH_TRUST_ENTRY_MAX */
	PUSH_TRUST_NOMEM,
};

/*
 * *ret_lists: which lists are specified; what the others have is left out. *ret_items, in order of
 * lists, points into @bytes; free() it.
 */
[[nodiscard]] enum push_trust_status push_trust_decode(const uint8_t *bytes, size_t len,
						       unsigned *ret_lists,
						       struct push_trust_item **ret_items,
						       size_t *ret_count);

/* @items in order of lists. Fills @bytes, unless it is NULL, and returns how many it takes. */
size_t push_trust_encode(unsigned lists, const struct push_trust_item *items, size_t count,
			 uint8_t *bytes);

#endif
