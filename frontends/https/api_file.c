#include "api_file.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "api_take.h"
#include "json_pem.h"

#define SUFFIX_MAX 16

void file_stem(const char *text, const char *fallback, char stem[FILE_STEM_MAX + 1])
{
	size_t len = 0;

	for (; *text && len < FILE_STEM_MAX; text++) {
		unsigned char byte = (unsigned char)*text;
		bool is_plain = isascii(byte) && (isalnum(byte) || byte == '_' || byte == '-');

		/* No dots in front, which hide a file, or twice. */
		if (is_plain || (byte == '.' && len && stem[len - 1] != '.'))
			stem[len++] = (char)byte;
		else if (len && stem[len - 1] != '-')
			stem[len++] = '-';
	}
	while (len && strchr(".-", stem[len - 1]))
		len--;
	stem[len] = '\0';
	if (!len)
		snprintf(stem, FILE_STEM_MAX + 1, "%s", fallback);
}

bool file_take_format(struct api_call *call, bool *ret_is_pem)
{
	static const struct api_word formats[] = {{"der", 0}, {"pem", 1}, {.name = NULL}};
	int is_pem;

	if (!api_take_query_word(call, "format", formats, 1, &is_pem))
		return false;
	*ret_is_pem = is_pem;
	return true;
}

void file_answer(struct api_call *call, const char *type, const char *stem, const char *suffix,
		 const uint8_t *bytes, size_t len)
{
	char name[FILE_STEM_MAX + SUFFIX_MAX];

	snprintf(name, sizeof(name), "%s%s", stem, suffix);
	api_answer_file(call, type, name, bytes, len, false);
}

void file_answer_pem(struct api_call *call, const char *label, const char *stem, const char *suffix,
		     const uint8_t *der, size_t len)
{
	json_t *pem = json_pem(label, der, len);

	if (pem)
		file_answer(call, FILE_TYPE_PEM, stem, suffix,
			    (const uint8_t *)json_string_value(pem), json_string_length(pem));
	else
		api_answer(call, 200, NULL);
	json_decref(pem);
}
