/*
 * What commands on certificates have in common. Hides which option says what. Each tells what
 * is wrong where it returns false, and the caller ends with EXIT_USAGE.
 */
#ifndef CTL_CERTS_H
#define CTL_CERTS_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl.h"

#define PASSWORD_BYTES_MAX 1024 /* of a file from elsewhere */

/* --days, --not-before, --not-after */
bool cert_take_validity(struct ctl *ctl, struct ks_validity *ret_validity);
/* The word after the command. */
bool cert_take_id(struct ctl *ctl, uint64_t *ret_id);
/* KS_HASH_DEFAULT without --hash: the service knows better. */
bool cert_take_hash(struct ctl *ctl, enum ks_hash *ret_hash);
bool cert_take_kind(struct ctl *ctl, enum ks_cert_kind *ret_kind);
/* As ca_levels has it. */
bool cert_take_path_length(struct ctl *ctl, uint32_t *ret_levels);

/* Prints those of a kind. */
enum exit_code cert_list(struct ctl *ctl, enum ks_cert_kind kind);

#endif
