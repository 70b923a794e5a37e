#include "api_take.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LEVELS_MAX	   16		      /* CAs below a root, and the root */
#define KEY_NAME_STEM	   (API_NAME_MAX - 8) /* room for a number, and for a renewal's ".v2" */
#define KEY_NAME_ATTEMPTS  64
#define WORDS_SENTENCE_MAX 256

const struct api_word api_cert_kinds[] = {
	{"ca", KS_CERT_CA},
	{"device", KS_CERT_DEVICE},
	{"trusted", KS_CERT_TRUSTED},
	{.name = NULL},
};

/* "NAME is one of a, b, c" */
static void words_sentence(const char *name, const struct api_word *words,
			   char sentence[WORDS_SENTENCE_MAX])
{
	size_t len = (size_t)snprintf(sentence, WORDS_SENTENCE_MAX, "%s is one of", name);

	for (size_t i = 0; words[i].name && len < WORDS_SENTENCE_MAX; i++)
		len += (size_t)snprintf(sentence + len, WORDS_SENTENCE_MAX - len, "%s %s",
					i ? "," : "", words[i].name);
}

static bool find_word(struct api_call *call, const char *member, const char *name,
		      const struct api_word *words, const char *text, int *ret_value)
{
	char sentence[WORDS_SENTENCE_MAX];

	for (size_t i = 0; words[i].name; i++) {
		if (strcmp(words[i].name, text) == 0) {
			*ret_value = words[i].value;
			return true;
		}
	}
	words_sentence(name, words, sentence);
	api_answer_problem(call, 400, "invalid", member, sentence);
	return false;
}

bool api_take_word(struct api_call *call, const char *member, const struct api_word *words,
		   int fallback, int *ret_value)
{
	const char *text;

	if (!api_member_string_optional(call, member, API_NAME_MAX, &text))
		return false;
	if (text)
		return find_word(call, member, member, words, text, ret_value);
	*ret_value = fallback;
	return true;
}

bool api_take_query_word(struct api_call *call, const char *name, const struct api_word *words,
			 int fallback, int *ret_value)
{
	const char *text = api_query(call, name);

	if (text)
		return find_word(call, NULL, name, words, text, ret_value);
	*ret_value = fallback;
	return true;
}

bool api_take_id(struct api_call *call, const char *member, bool is_needed, uint64_t *ret_id)
{
	uint64_t id;

	if (!api_member_number_optional(call, member, INT64_MAX, 0, &id))
		return false;
	if (id || !is_needed) {
		*ret_id = id;
		return true;
	}
	api_answer_problem(call, 400, "invalid", member,
			   "a certificate's ID is a number from 1 on");
	return false;
}

bool api_take_page(struct api_call *call, uint64_t *ret_after, uint32_t *ret_limit)
{
	uint64_t limit;

	if (!api_query_number(call, "after", INT64_MAX, 0, ret_after) ||
	    !api_query_number(call, "limit", API_PAGE_MAX, 0, &limit))
		return false;
	*ret_limit = (uint32_t)limit;
	return true;
}

static bool take_number(struct api_call *call, const char *member, uint32_t max, uint32_t *ret)
{
	uint64_t number;

	if (!api_member_number_optional(call, member, max, 0, &number))
		return false;
	*ret = (uint32_t)number;
	return true;
}

/* A member of "validity". False: answered. */
static bool take_time(struct api_call *call, const json_t *validity, const char *member,
		      int64_t *ret_seconds)
{
	const json_t *value = json_object_get(validity, member);

	if (!value || json_is_null(value))
		return true;
	if (json_is_string(value) && api_read_time(json_string_value(value), ret_seconds))
		return true;
	api_answer_problem(call, 400, "invalid", "validity",
			   "not_before and not_after are times like 2026-03-01T12:00:00Z");
	return false;
}

bool api_take_validity(struct api_call *call, struct ks_validity *ret_validity)
{
	json_t *sent = json_object_get(api_body(call), "validity");
	struct ks_validity validity = {0};
	const char *name;
	json_t *value;

	if (!sent || json_is_null(sent)) {
		*ret_validity = validity;
		return true;
	}
	json_object_foreach(sent, name, value)
	{
		if (strcmp(name, "not_before") && strcmp(name, "not_after") &&
		    strcmp(name, "days")) {
			api_answer_problem(call, 400, "invalid", "validity",
					   "validity has not_before, not_after or days");
			return false;
		}
	}
	value = json_object_get(sent, "days");
	if (!json_is_object(sent) || (value && !json_is_null(value) &&
				      (!json_is_integer(value) || json_integer_value(value) < 1 ||
				       json_integer_value(value) > API_DAYS_MAX))) {
		api_answer_problem(call, 400, "invalid", "validity",
				   "validity is an object, and its days are 1 to 36500");
		return false;
	}
	validity.days = (uint32_t)json_integer_value(value);
	if (!take_time(call, sent, "not_before", &validity.not_before) ||
	    !take_time(call, sent, "not_after", &validity.not_after))
		return false;
	*ret_validity = validity;
	return true;
}

bool api_take_hash(struct api_call *call, enum ks_hash *ret_hash)
{
	static const struct api_word hashes[] = {
		{"sha1", KS_HASH_SHA1},
		{"sha256", KS_HASH_SHA256},
		{"sha384", KS_HASH_SHA384},
		{"sha512", KS_HASH_SHA512},
		{.name = NULL},
	};
	int hash;

	if (!api_take_word(call, "hash", hashes, KS_HASH_DEFAULT, &hash))
		return false;
	*ret_hash = (enum ks_hash)hash;
	return true;
}

bool api_take_padding(struct api_call *call, enum ks_padding *ret_padding)
{
	static const struct api_word paddings[] = {
		{"pkcs1", KS_PADDING_PKCS1},
		{"pss", KS_PADDING_PSS},
		{.name = NULL},
	};
	int padding;

	if (!api_take_word(call, "padding", paddings, KS_PADDING_DEFAULT, &padding))
		return false;
	*ret_padding = (enum ks_padding)padding;
	return true;
}

bool api_take_ca_levels(struct api_call *call, uint32_t *ret_levels)
{
	return take_number(call, "ca_levels", LEVELS_MAX, ret_levels);
}

bool api_take_algorithm(struct api_call *call, enum ks_algorithm *ret_algorithm)
{
	static const struct api_word algorithms[] = {
		{"rsa-2048", KS_ALGORITHM_RSA_2048}, {"rsa-3072", KS_ALGORITHM_RSA_3072},
		{"rsa-4096", KS_ALGORITHM_RSA_4096}, {"ec-p256", KS_ALGORITHM_EC_P256},
		{"ec-p384", KS_ALGORITHM_EC_P384},   {.name = NULL},
	};
	int algorithm;

	if (!api_take_word(call, "algorithm", algorithms, 0, &algorithm))
		return false;
	*ret_algorithm = (enum ks_algorithm)algorithm;
	return true;
}

bool api_take_name(struct api_call *call, const char *member, const char **ret_name)
{
	return api_member_string_optional(call, member, API_NAME_MAX, ret_name);
}

bool api_take_text(struct api_call *call, const char *member, const char **ret_text)
{
	return api_member_string_optional(call, member, API_TEXT_MAX, ret_text);
}

static bool take_san(const json_t *sent, struct ks_name *ret_name)
{
	static const struct api_word types[] = {
		{"uri", KS_NAME_URI},	  {"ip", KS_NAME_IP},	{"dns", KS_NAME_DNS},
		{"email", KS_NAME_EMAIL}, {"rid", KS_NAME_RID}, {"other", KS_NAME_OTHER},
		{.name = NULL},
	};
	const char *type = json_string_value(json_object_get(sent, "type"));
	const json_t *value = json_object_get(sent, "value");

	if (!type || !json_is_string(value) || json_object_size(sent) != 2 ||
	    json_string_length(value) > API_TEXT_MAX)
		return false;
	for (size_t i = 0; types[i].name; i++) {
		if (strcmp(types[i].name, type) == 0) {
			*ret_name = (struct ks_name){.type = (enum ks_name_type)types[i].value,
						     .value = json_string_value(value)};
			return true;
		}
	}
	return false;
}

static bool take_sans(struct api_call *call, struct ks_cert_request *order)
{
	const json_t *sent = json_object_get(api_body(call), "names");
	size_t count = json_array_size(sent);
	struct ks_name *names;

	if (!sent || json_is_null(sent))
		return true;
	if (!json_is_array(sent) || count > API_NAMES_MAX) {
		api_answer_problem(call, 400, "invalid", "names",
				   "names is a list of at most 256 subject alternative names");
		return false;
	}
	names = api_alloc(call, (count + 1) * sizeof(*names));
	if (!names)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (take_san(json_array_get(sent, i), &names[i]))
			continue;
		api_answer_problem(call, 400, "invalid", "names",
				   "each of names has a type, one of uri, ip, dns, email, rid, and "
				   "a value of at most 1024 bytes");
		return false;
	}
	order->names = names;
	order->name_count = count;
	return true;
}

/* The subject's common name as far as a key's name may have it; a guess is good enough. */
static void add_common_name(const char *subject, char *stem, size_t size)
{
	const char *at =
		strncasecmp(subject, "CN=", 3) == 0 ? subject : strcasestr(subject, ",CN=");
	size_t len = strlen(stem);

	if (!at)
		return;
	for (at = strchr(at, '=') + 1; *at && *at != ',' && len + 1 < size; at++) {
		at += *at == '\\' && at[1]; /* RFC 4514 2.4 */

		bool is_plain = isascii((unsigned char)*at) &&
				(isalnum((unsigned char)*at) || strchr("._-", *at));

		if (is_plain || stem[len - 1] != '-')
			stem[len++] = is_plain ? *at : '-';
	}
	stem[len] = '\0';
}

static void name_key(const struct ks_cert_request *order, struct api_key_name *ret_name)
{
	char stem[KEY_NAME_STEM + 1] = "key-";

	/* A profile's name is a good beginning; one that is none is refused later. */
	if (order->profile && isalpha((unsigned char)order->profile[0]) &&
	    strspn(order->profile, "abcdefghijklmnopqrstuvwxyz-") == strlen(order->profile))
		snprintf(stem, sizeof(stem), "%.32s-", order->profile);
	if (order->subject)
		add_common_name(order->subject, stem, sizeof(stem));
	for (size_t len = strlen(stem); len > 1 && strchr("._-", stem[len - 1]); len--)
		stem[len - 1] = '\0';
	*ret_name = (struct api_key_name){.attempt = 1};
	snprintf(ret_name->text, sizeof(ret_name->text), "%s", stem);
}

bool api_key_name_next(struct api_key_name *name)
{
	size_t len = strlen(name->text);

	if (!len || name->attempt == KEY_NAME_ATTEMPTS)
		return false;
	if (name->attempt > 1)
		len = (size_t)(strrchr(name->text, '-') - name->text);
	snprintf(name->text + len, sizeof(name->text) - len, "-%u", ++name->attempt);
	return true;
}

bool api_take_order(struct api_call *call, struct ks_cert_request *ret_order,
		    struct api_key_name *ret_key_name)
{
	struct ks_cert_request order = {0};

	if (!api_take_name(call, "profile", &order.profile) ||
	    !api_take_text(call, "subject", &order.subject) || !take_sans(call, &order) ||
	    !api_take_name(call, "key", &order.key) ||
	    !api_take_name(call, "new_key", &order.new_key) ||
	    !api_take_algorithm(call, &order.algorithm) || !api_take_hash(call, &order.hash) ||
	    !api_take_padding(call, &order.padding))
		return false;
	if (order.key && order.new_key) {
		api_answer_problem(call, 400, "invalid", "new_key",
				   "give key for one that is there, or new_key for one that is "
				   "made, not both");
		return false;
	}
	if (ret_key_name && !order.key && !order.new_key) {
		name_key(&order, ret_key_name);
		order.new_key = ret_key_name->text;
	}
	if (order.algorithm && !order.new_key) {
		api_answer_problem(call, 400, "invalid", "algorithm",
				   "algorithm is for a new key: leave it out, or give new_key");
		return false;
	}
	*ret_order = order;
	return true;
}
