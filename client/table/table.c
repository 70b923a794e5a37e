#include "table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define GAP	    2
#define LABEL_WIDTH 14
#define ELLIPSIS    "..."

struct table {
	size_t columns;
	size_t rows; /* the heads too */
	size_t capacity;
	size_t widths[TABLE_COLUMNS_MAX];
	char *(*cells)[TABLE_COLUMNS_MAX];
};

/* Bytes of the character at @text, and the columns it takes. */
static size_t character_at(const char *text, size_t *ret_columns)
{
	mbstate_t state = {0};
	wchar_t wide;
	size_t len = mbrtowc(&wide, text, strlen(text), &state);
	int columns;

	*ret_columns = 1;
	if (len == 0 || len > strlen(text))
		return 1;
	columns = wcwidth(wide);
	*ret_columns = columns < 0 ? 1 : (size_t)columns;
	return len;
}

/* Bytes of @text that fit @width columns. */
static size_t text_fit(const char *text, size_t width)
{
	size_t used = 0;
	size_t len = 0;

	while (text[len]) {
		size_t columns;
		size_t next = character_at(text + len, &columns);

		if (used + columns > width)
			break;
		used += columns;
		len += next;
	}
	return len;
}

size_t text_width(const char *text)
{
	size_t width = 0;

	while (*text) {
		size_t columns;

		text += character_at(text, &columns);
		width += columns;
	}
	return width;
}

struct table *table_new(const char *const *heads, size_t columns)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->columns = columns;
	if (table_add(table, heads))
		return table;
	table_free(table);
	return NULL;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	for (size_t row = 0; row < table->rows; row++)
		for (size_t i = 0; i < table->columns; i++)
			free(table->cells[row][i]);
	free(table->cells);
	free(table);
}

bool table_add(struct table *table, const char *const *cells)
{
	if (table->rows == table->capacity) {
		size_t capacity = table->capacity ? 2 * table->capacity : 64;
		void *grown = reallocarray(table->cells, capacity, sizeof(*table->cells));

		if (!grown)
			return false;
		table->cells = grown;
		table->capacity = capacity;
	}
	memset(table->cells[table->rows], 0, sizeof(*table->cells));
	table->rows++;
	for (size_t i = 0; i < table->columns; i++) {
		size_t width = text_width(cells[i]);

		table->cells[table->rows - 1][i] = strdup(cells[i]);
		if (!table->cells[table->rows - 1][i])
			return false;
		if (width > table->widths[i])
			table->widths[i] = width;
	}
	return true;
}

static void cell_print(FILE *out, const char *text, size_t width, size_t pad)
{
	size_t used = text_width(text);

	if (used > width) {
		size_t len = text_fit(text, width - strlen(ELLIPSIS));

		fprintf(out, "%.*s" ELLIPSIS, (int)len, text);
		used = width;
	} else {
		fputs(text, out);
	}
	fprintf(out, "%*s", pad ? (int)(width - used + pad) : 0, "");
}

void table_print(const struct table *table, FILE *out, size_t width)
{
	size_t first = table->widths[0];
	size_t total = 0;

	for (size_t i = 0; i < table->columns; i++)
		total += table->widths[i] + (i ? GAP : 0);
	if (width && total > width) {
		size_t excess = total - width;

		first = first > excess + 2 * strlen(ELLIPSIS) ? first - excess
							      : 2 * strlen(ELLIPSIS);
	}
	for (size_t row = 0; row < table->rows; row++) {
		for (size_t i = 0; i < table->columns; i++)
			cell_print(out, table->cells[row][i], i ? table->widths[i] : first,
				   i + 1 < table->columns ? GAP : 0);
		putc('\n', out);
	}
}

void text_wrap(FILE *out, const char *text, size_t indent)
{
	const size_t width = TABLE_WIDTH - indent;

	while (text_width(text) > width) {
		size_t fit = text_fit(text, width);
		size_t len = fit;

		while (len > 0 && text[len] != ' ')
			len--;
		/* A word longer than the line. */
		if (len == 0)
			len = fit;
		fprintf(out, "%.*s\n%*s", (int)len, text, (int)indent, "");
		text += len + (text[len] == ' ');
	}
	fprintf(out, "%s\n", text);
}

void fact_print(FILE *out, const char *label, const char *format, ...)
{
	char *text = NULL;
	va_list list;
	int len;

	va_start(list, format);
	len = vasprintf(&text, format, list);
	va_end(list);
	if (len < 0)
		return;
	fprintf(out, "%-*s", LABEL_WIDTH, label);
	text_wrap(out, text, LABEL_WIDTH);
	free(text);
}
