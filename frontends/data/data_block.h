/*
 * The layout of a data block as an S7 controller stores it without optimisation: which field is
 * at which byte and bit. Hides the rules of alignment, and how fields are declared in text.
 *
 *   Bool             one bit; consecutive ones share a byte, from bit 0 on
 *   Byte, Char       8 bit, at any byte
 *   Word, Int        16 bit, big-endian, at an even byte
 *   DWord, DInt, Real   32 bit, big-endian, at an even byte
 *   String[n]        n from 1 to 254 (String: 254) at an even byte: the most characters, the
 *                    characters in use, then n bytes
 *   Array[a..b] of T elements one after the other, from an even byte on; those of Bool share
 *                    bytes; each String of it begins at an even byte; what follows it, too
 *
 * The block ends at an even byte.
 */
#ifndef DATA_DATA_BLOCK_H
#define DATA_DATA_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DATA_NAME_MAX	  63 /* letters, digits, "_" and "-" ; a letter or "_" first */
#define DATA_FIELDS_MAX	  512
#define DATA_ELEMENTS_MAX 8192	/* of all arrays of a block together */
#define DATA_BYTES_MAX	  65534 /* of a block: what TSEND_C sends at most, and even */
#define DATA_PROBLEM_MAX  256

enum data_kind {
	DATA_BOOL,
	DATA_BYTE,
	DATA_CHAR,
	DATA_WORD,
	DATA_INT,
	DATA_DWORD,
	DATA_DINT,
	DATA_REAL,
	DATA_STRING,
};
#define DATA_KINDS (DATA_STRING + 1)

struct data_type {
	enum data_kind kind;
	uint8_t string_max; /* DATA_STRING: characters */
	bool is_array;
	int32_t first;	/* index of the first element */
	uint32_t count; /* of elements; 1 where it is no array */
};

struct data_field {
	char name[DATA_NAME_MAX + 1];
	struct data_type type;
	uint32_t offset; /* bytes from the block's start … */
	uint8_t bit;	 /* … and DATA_BOOL's bit of that byte */
};

struct data_block {
	char name[DATA_NAME_MAX + 1];
	struct data_field *fields;
	size_t field_count;
	uint32_t size;	   /* bytes, even */
	uint32_t elements; /* of all its arrays */
};

bool data_name_is_valid(const char *name);

/* "Int", "String[20]", "Array[0..9] of Real", in any case of letters. False: @problem says why. */
[[nodiscard]] bool data_type_parse(const char *text, struct data_type *ret_type,
				   char problem[DATA_PROBLEM_MAX]);
/* The usual spelling, which data_type_parse() reads; cut off at @len. */
void data_type_print(const struct data_type *type, char *buf, size_t len);

/* An empty block; NULL: no memory, or the name is none. */
struct data_block *data_block_new(const char *name);
void data_block_free(struct data_block *block); /* NULL is fine */

/* Behind the last field. False: @problem; the block stays as it was. */
[[nodiscard]] bool data_block_add(struct data_block *block, const char *name,
				  const struct data_type *type, char problem[DATA_PROBLEM_MAX]);

/* NULL: none of that name; names differ by case of letters too. */
const struct data_field *data_block_find(const struct data_block *block, const char *name);

/* Where element @index (counted from 0) of a field is: its byte, and Bool's bit of that, else 0. */
uint32_t data_field_at(const struct data_field *field, uint32_t index, uint8_t *ret_bit);

/* "2.0": the place of a field as engineering tools write it. */
void data_field_place(const struct data_field *field, char *buf, size_t len);

/*
 * What a new block holds: zeros, and in each String the most characters that it takes.
 * @bytes: block->size.
 */
void data_block_initialise(const struct data_block *block, uint8_t *bytes);

/*
 * Whether @bytes, from outside, are such a block: each String has the most characters that are
 * declared, and no more in use. False: @problem names the field.
 */
[[nodiscard]] bool data_block_check(const struct data_block *block, const uint8_t *bytes,
				    char problem[DATA_PROBLEM_MAX]);

#endif
