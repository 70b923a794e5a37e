#include "conf_line.h"

#include <jansson.h>
#include <string.h>

#define BLANKS	 " \t\r\n"
#define UTF8_BOM "\xef\xbb\xbf"

static bool is_control(unsigned char c, unsigned char next)
{
	/* U+0080 to U+009F are control characters too: terminals obey them. */
	return (c < 0x20 && c != '\t') || c == 0x7f || (c == 0xc2 && next >= 0x80 && next < 0xa0);
}

static bool is_utf8(const char *text, size_t len)
{
	json_t *string = json_stringn(text, len);

	json_decref(string);
	return string;
}

enum conf_line conf_line_read(FILE *file, bool is_first, char ret_line[CONF_LINE_BUFFER])
{
	char line[CONF_LINE_BUFFER];
	size_t len = 0;
	size_t skip = 0;
	int c = 0;

	while (c != '\n' && (c = getc(file)) != EOF)
		if (len < sizeof(line))
			line[len++] = (char)c;
	if (!len)
		return CONF_LINE_END;
	/* Its end does not count. */
	if (len < sizeof(line) && line[len - 1] == '\n')
		len--;
	if (len && len < sizeof(line) && line[len - 1] == '\r')
		len--;
	if (len > CONF_LINE_MAX)
		return CONF_LINE_TOO_LONG;
	line[len] = '\0';
	for (size_t i = 0; i < len; i++)
		if (is_control((unsigned char)line[i], (unsigned char)line[i + 1]))
			return CONF_LINE_CONTROL;
	if (!is_utf8(line, len))
		return CONF_LINE_NO_UTF8;
	if (is_first && strncmp(line, UTF8_BOM, strlen(UTF8_BOM)) == 0)
		skip = strlen(UTF8_BOM);
	skip += strspn(line + skip, BLANKS);
	while (len > skip && strchr(BLANKS, line[len - 1]))
		len--;
	memcpy(ret_line, line + skip, len - skip);
	ret_line[len - skip] = '\0';
	return CONF_LINE_OK;
}

const char *conf_line_text(enum conf_line status)
{
	static const char *const texts[] = {
		[CONF_LINE_OK] = "",
		[CONF_LINE_END] = "",
		[CONF_LINE_TOO_LONG] = "the line is too long; it may have 196 bytes",
		[CONF_LINE_CONTROL] = "the line holds a control character; write it anew",
		[CONF_LINE_NO_UTF8] = "the line is not in UTF-8; save the file in that encoding",
	};

	return texts[status];
}
