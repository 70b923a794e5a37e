/*
 * Keys that are kept in the TPM as persistent objects. Hides which handle a key gets, and
 * how the database and the TPM stay of one mind when either fails in between: a handle is
 * entered before the TPM is asked, and removed after the TPM has let go.
 */
#ifndef SERVICE_PIN_H
#define SERVICE_PIN_H

#include <stdbool.h>

#include "keyring.h"

struct request;
struct service;
struct store_handle;

void service_pin(struct request *request, const void *body, const struct keyring_key *key);

/*
 * Has the TPM drop what is entered as UNPINNING at @handle, and removes the entry. If that
 * cannot be now, service_pin_sweep() does it. @request, if not NULL, is answered then.
 */
void service_pin_evict(struct service *service, const struct store_handle *handle,
		       struct request *request);

/* What a killed service left half done is to be undone. False: no memory. */
bool service_pin_open(struct service *service);
void service_pin_close(struct service *service);

/* The TPM is there: evicts what waits for it. */
void service_pin_sweep(struct service *service);

/* Unloads a key that is no more. */
void service_pin_forget(struct service *service, struct tpm_key *key);

#endif
