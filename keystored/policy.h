/*
 * Who may do what: every decision of that kind. Hides the rules; pure: who asks, a right and
 * an object in, a verdict out.
 *
 * Managing keys and using them are different rights: an administrator, root included, can
 * delete a key but signs with it only by a grant, which key show makes visible. A CA's key is
 * used for nobody.
 *
 * Managing is for users with a password as soon as there is one. Until then it is for root,
 * the service's own user and the administrators of the configuration, who afterwards only look.
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

enum {
	POLICY_SIGN = 1,
	POLICY_DECRYPT = 2,
	POLICY_OPERATIONS = 3, /* those of a key */
	POLICY_TRUST = 4,      /* validating with a trust group */
	POLICY_OPCUA = 8,      /* an OPC UA server's user */
};

struct grant {
	enum policy_subject subject;
	uint32_t id;
	unsigned operations; /* POLICY_* bits */
};

/* The database and the protocol know those that roles give by these numbers. */
enum right {
	RIGHT_ANY, /* every peer */
	/* given by roles: */
	RIGHT_VIEW, /* keys, certificates, trust, services: what there is */
	RIGHT_MANAGE_KEYS,
	RIGHT_MANAGE_CERTS,
	RIGHT_MANAGE_TRUST,
	RIGHT_MANAGE_SERVICES,
	RIGHT_MANAGE_USERS,
	RIGHT_READ_AUDIT,
	/* given by roles, and for front-ends to act on; nothing here asks for them: */
	RIGHT_OPCUA_ACCESS, /* use of the OPC UA server */
	RIGHT_READ_DIAGNOSTICS,
	RIGHT_READ_PROCESS_DATA,
	RIGHT_WRITE_PROCESS_DATA,
	RIGHT_USER_PAGES,
	RIGHT_GIVEN_END,		  /* the first that no role gives */
	RIGHT_TRANSACT = RIGHT_GIVEN_END, /* manage trust, services or certificates */
	/* about a trust group: */
	RIGHT_USE_TRUST, /* view, or a service of the group; or the service */
	/* about services of that kind: */
	RIGHT_SERVE_OPCUA, /* an OPC UA server's user, and nobody else */
	/* about a key: */
	RIGHT_SEE,	 /* view, or any grant of the key */
	RIGHT_GRANT_KEY, /* manage keys, and the key is no CA's; so the next two */
	RIGHT_EXPORT_KEY,
	RIGHT_BIND_KEY, /* manage certificates: one of one's choice for the key */
	RIGHT_CERTIFY,	/* manage certificates, or granted to sign; no CA's */
	RIGHT_SIGN,	/* granted to sign; no CA's */
	RIGHT_DECRYPT,	/* granted to decrypt; no CA's */
	/* root and the service's own user, who have the database anyway: */
	RIGHT_RECOVER,
	RIGHT_COUNT,
};

#define RIGHT_BIT(right) (1u << (right))
/* All that roles can give. */
#define RIGHT_GIVEN (RIGHT_BIT(RIGHT_GIVEN_END) - RIGHT_BIT(RIGHT_VIEW))

/* Who manages besides root. The arrays are borrowed. */
struct policy {
	uid_t service_uid;
	const uid_t *administrators;
	size_t administrator_count;
	const gid_t *administrator_groups;
	size_t administrator_group_count;
	bool has_users;
	bool is_local; /* mode: certificates sign themselves */
};

/* In which mode something can be done. */
enum policy_scope {
	POLICY_BOTH_MODES = 0,
	POLICY_PROJECT_MODE, /* CAs, what they issue, roles */
	POLICY_TO_PROJECT,   /* itself switches to project mode */
};

/*
 * Who asks: a process, and the user whose token it sent. With a user, what roles can give comes
 * from the user's alone; grants are always the process's.
 */
struct policy_caller {
	const struct peer *peer; /* NULL: gone, and so without any rights */
	bool is_service;	 /* nobody: the service renews what is due */
	bool is_user;
	unsigned rights; /* of the user: RIGHT_BIT()s */
};

/* The key, trust group or kind of service in question. */
struct policy_object {
	const struct grant *grants;
	size_t grant_count;
	bool of_ca;
};

enum policy_verdict {
	POLICY_ALLOWED = 0,
	POLICY_NO_RIGHT, /* the caller is not among those who have it */
	POLICY_NO_LOGIN, /* a user may have it, and none is logged in */
	POLICY_NO_GRANT, /* a grant of the key would give it */
	POLICY_CA_KEY,	 /* nobody has it on this key */
};

/* @object NULL: the request is about no key. */
[[nodiscard]] enum policy_verdict policy_decide(const struct policy *policy,
						const struct policy_caller *caller,
						enum right right,
						const struct policy_object *object);

bool policy_is_in_scope(const struct policy *policy, enum policy_scope scope);

/* What of the rights that roles can give the caller has, RIGHT_BIT()s. */
unsigned policy_rights(const struct policy *policy, const struct policy_caller *caller);

/*
 * Whether the caller may give others @rights and take them away: those that he has, so that
 * managing users is no way to more; the first user gets whatever the owner says.
 */
bool policy_may_give(const struct policy *policy, const struct policy_caller *caller,
		     unsigned rights);

/* What the peer is granted, POLICY_* bits. */
unsigned policy_granted(const struct peer *peer, const struct grant *grants, size_t grant_count);

#endif
