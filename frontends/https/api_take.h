/*
 * What several operations read of their requests, as libkeystore takes it: certificates to be made,
 * validity, words out of a list. Hides their members, and the key's name where none is given.
 *
 * As with the readers of api.h, false means that it was answered.
 */
#ifndef HTTPS_API_TAKE_H
#define HTTPS_API_TAKE_H

#include "api.h"
#include "keystore_cert.h"

#define API_UPLOAD_MAX	 256000u /* bytes for keystored, which fit a frame with all else */
#define API_PASSWORD_MAX 1024	 /* bytes, of a file's */
#define API_TEXT_MAX	 1024	 /* bytes of a subject, or of one name in a certificate */
#define API_NAME_MAX	 64	 /* bytes of a key's, group's, service's or profile's name */
#define API_NAMES_MAX	 256	 /* subject alternative names of a request */
#define API_DAYS_MAX	 36500	 /* of validity */
#define API_PAGE_MAX	 1000	 /* of a list; keystored may give fewer */

/* A word in JSON, and what it stands for. A table of them ends with a NULL name. */
struct api_word {
	const char *name;
	int value;
};

extern const struct api_word api_cert_kinds[]; /* enum ks_cert_kind */

/* @fallback where it is not there. */
bool api_take_word(struct api_call *call, const char *member, const struct api_word *words,
		   int fallback, int *ret_value);
bool api_take_query_word(struct api_call *call, const char *name, const struct api_word *words,
			 int fallback, int *ret_value);

/* Of an ID; 0: it is not there, which is an error where @is_needed. */
bool api_take_id(struct api_call *call, const char *member, bool is_needed, uint64_t *ret_id);

/* "after" and "limit" of a page in order of IDs. */
bool api_take_page(struct api_call *call, uint64_t *ret_after, uint32_t *ret_limit);

/* Members "validity", "hash", "padding", "ca_levels", "algorithm"; what is not there is 0. */
bool api_take_validity(struct api_call *call, struct ks_validity *ret_validity);
bool api_take_hash(struct api_call *call, enum ks_hash *ret_hash);
bool api_take_padding(struct api_call *call, enum ks_padding *ret_padding);
bool api_take_ca_levels(struct api_call *call, uint32_t *ret_levels);
bool api_take_algorithm(struct api_call *call, enum ks_algorithm *ret_algorithm);

/* A string, up to API_NAME_MAX or API_TEXT_MAX bytes; NULL: not there. */
bool api_take_name(struct api_call *call, const char *member, const char **ret_name);
bool api_take_text(struct api_call *call, const char *member, const char **ret_text);

/* Where api_take_order() has to find a name for the key by itself. */
struct api_key_name {
	char text[API_NAME_MAX + 1]; /* "": one was given */
	unsigned attempt;
};

/*
 * What a certificate is to have, but for issuer and validity: "key", "new_key", "algorithm",
 * "profile", "subject", "names", "hash" and "padding". With neither key there is a name for a new
 * one in *@ret_key_name, which must stay where it is; @ret_key_name NULL: there is no key, then.
 */
bool api_take_order(struct api_call *call, struct ks_cert_request *ret_order,
		    struct api_key_name *ret_key_name);
/* The next name, when that one is taken. False: no more; not answered. */
bool api_key_name_next(struct api_key_name *name);

#endif
