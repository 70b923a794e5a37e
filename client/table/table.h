/* Text for people: aligned tables and facts that fit 80 columns, whatever the characters. */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 10
#define TABLE_WIDTH	  80

struct table;

/* NULL: no memory. @heads: one for each column. */
struct table *table_new(const char *const *heads, size_t columns);
void table_free(struct table *table);

/* Copies the texts of one row. False: no memory. */
bool table_add(struct table *table, const char *const *cells);

/*
 * Prints heads and rows. @width: columns of the terminal, to which the first column is cut
 * ("..."); 0: as wide as it is.
 */
void table_print(const struct table *table, FILE *out, size_t width);

/* "label        value", the value wrapped between words at TABLE_WIDTH. */
void fact_print(FILE *out, const char *label, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * @text and a line end, wrapped between words at TABLE_WIDTH; what is before it in the line takes
 * @indent columns, as its further lines are indented.
 */
void text_wrap(FILE *out, const char *text, size_t indent);

/* Columns that @text takes on a terminal in the current locale. */
size_t text_width(const char *text);

#endif
