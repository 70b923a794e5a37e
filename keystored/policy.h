/*
 * Who may do what. Hides the rules; pure: a peer, a right, a key's grants in, a verdict out.
 *
 * Managing keys and using them are different rights: an administrator, root included, can
 * delete a key but signs with it only by a grant, which key show makes visible.
 */
#ifndef POLICY_H
#define POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* As the kernel attested it. */
struct peer {
	uid_t uid;
	gid_t gid;
	pid_t pid;
	size_t group_count;
	gid_t groups[]; /* supplementary */
};

enum policy_subject { POLICY_UID = 1, POLICY_GID = 2 };

enum { POLICY_SIGN = 1, POLICY_DECRYPT = 2, POLICY_OPERATIONS = 3 };

struct grant {
	enum policy_subject subject;
	uint32_t id;
	unsigned operations; /* POLICY_* bits */
};

enum right {
	RIGHT_ANY, /* every peer */
	/* root, the service's own user, administrators: */
	RIGHT_VIEW, /* keys, certificates, trust, services: what there is */
	RIGHT_MANAGE_KEYS,
	RIGHT_MANAGE_CERTS,
	RIGHT_MANAGE_TRUST,
	RIGHT_MANAGE_SERVICES,
	RIGHT_MANAGE_USERS,
	RIGHT_READ_AUDIT,
	/* about a key: */
	RIGHT_SEE,     /* view, or any grant of the key */
	RIGHT_CERTIFY, /* manage certificates, or granted to sign */
	RIGHT_SIGN,    /* granted to sign */
	RIGHT_DECRYPT, /* granted to decrypt */
	RIGHT_COUNT,
};

/* Who manages besides root. The arrays are borrowed. */
struct policy {
	uid_t service_uid;
	const uid_t *administrators;
	size_t administrator_count;
	const gid_t *administrator_groups;
	size_t administrator_group_count;
};

/* @grants: of the key in question; none for requests without one. */
bool policy_allows(const struct policy *policy, const struct peer *peer, enum right right,
		   const struct grant *grants, size_t grant_count);

/* No grant gives it. */
bool policy_is_for_managers(enum right right);

/* What the peer is granted, POLICY_* bits. */
unsigned policy_granted(const struct peer *peer, const struct grant *grants, size_t grant_count);

#endif
