#include "ouc_reply.h"

#include <stdbool.h>
#include <string.h>

static const struct {
	const char *error;
	enum ouc_status status;
} errors[] = {
	{"invalid", OUC_INVALID}, {"not-found", OUC_NOT_FOUND}, {"refused", OUC_REFUSED},
	{"busy", OUC_BUSY},	  {"limit", OUC_BUSY},		{"slow", OUC_BUSY},
	{"memory", OUC_BUSY},	  {"failed", OUC_FAILED},
};

/* NULL: no text, or one that no sentence has. */
static const char *sentence_of(const json_t *value)
{
	const char *text = json_string_value(value);

	if (!text || !*text || strlen(text) != json_string_length(value) ||
	    json_string_length(value) > OUC_SENTENCE_MAX)
		return NULL;
	for (const char *at = text; *at; at++) {
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return NULL;
	}
	return text;
}

static bool take_refusal(const json_t *object, struct ouc_reply *reply)
{
	const char *error = json_string_value(json_object_get(object, "error"));
	const char *sentence = sentence_of(json_object_get(object, "message"));

	for (size_t i = 0; error && sentence && i < sizeof(errors) / sizeof(*errors); i++) {
		if (strcmp(errors[i].error, error) != 0)
			continue;
		reply->status = errors[i].status;
		strcpy(reply->sentence, sentence);
		return true;
	}
	return false;
}

void ouc_reply_parse(const char *line, size_t len, struct ouc_reply *ret_reply)
{
	json_t *object = json_loadb(line, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	const json_t *ok = json_object_get(object, "ok");

	*ret_reply = (struct ouc_reply){.status = OUC_GARBLED};
	if (json_is_true(ok)) {
		ret_reply->status = OUC_OK;
		ret_reply->line = json_incref(object);
	} else if (!json_is_false(ok) || !take_refusal(object, ret_reply)) {
		strcpy(ret_reply->sentence,
		       "what answers at DataControl's socket is not keystore-ouc, or another "
		       "version of it: see whether that is the right path in this server's "
		       "configuration");
	}
	json_decref(object);
}

void ouc_reply_clear(struct ouc_reply *reply)
{
	json_decref(reply->line);
	reply->line = NULL;
}
