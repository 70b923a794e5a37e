/*
 * What this device is called, and what follows for certificates that name it. Hides the watch,
 * when it is looked at, and what is kept over restarts.
 */
#ifndef SERVICE_OWN_H
#define SERVICE_OWN_H

#include "own.h"
#include "store_renewal.h"

#define SERVICE_OWN_STATUS_MAX 256

struct service;
struct service_own;

/*
 * @service has everything else, and outlives it. Without netlink there is a log line, and nothing
 * is judged. NULL: no memory, or the store cannot be read.
 */
struct service_own *service_own_new(struct service *service);
void service_own_free(struct service_own *own); /* NULL is fine */

/* Instead of the kernel's, in tests; looks at once. */
typedef void service_own_look_fn(struct own_sight *ret_sight, void *user);
void service_own_set_look(struct service_own *own, service_own_look_fn *look, void *user);

/* Whether it is watched, in words for a status. */
bool service_own_explain(const struct service_own *own, char ret_text[SERVICE_OWN_STATUS_MAX]);

/* What is to be said of a certificate's names, and done. Zeroed: they are fine, or ignored. */
struct own_verdict {
	size_t addresses, hosts; /* that are gone */
	bool is_due;		 /* it is to be renewed with what took their place, and can be */
	char text[STORE_RENEWAL_NOTE_MAX];
};

/* @cert with its names; those of others than devices with their keys here say nothing. */
void service_own_judge(const struct service *service, const struct store_cert *cert,
		       const struct renewal_policy *policy, struct own_verdict *ret_verdict);

/* Replaces in @cert's names what is gone by what took its place. False: no memory. */
bool service_own_follow(const struct service *service, struct store_cert *cert);

/* Tells those who may see the certificate. */
void service_own_publish(struct service *service, const struct store_cert *cert, const char *note);

#endif
