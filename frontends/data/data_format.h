/*
 * The bytes of an image (docs/DATA-BLOCKS.md). Hides how a layout is written down, and by what a
 * reader knows that the owner lives.
 */
#ifndef DATA_DATA_FORMAT_H
#define DATA_DATA_FORMAT_H

#include <assert.h>
#include <stdatomic.h>

#include "data_block.h"

#define FORMAT_MAGIC   "KSIMAGE\n"
#define FORMAT_VERSION 1
#define FORMAT_ALIGN   64u /* of the content */

/* A name, a type, a place, two spaces and a newline. */
#define FORMAT_TYPE_MAX	  64
#define FORMAT_LINE_MAX	  (DATA_NAME_MAX + FORMAT_TYPE_MAX + 10)
#define FORMAT_LAYOUT_MAX (DATA_FIELDS_MAX * FORMAT_LINE_MAX)

/* Integers are little-endian. */
struct format_header {
	char magic[8];
	uint32_t version;
	uint32_t layout_at; /* bytes from the file's start */
	uint32_t layout_len;
	uint32_t data_at;
	uint32_t data_len;
	uint32_t reserved; /* 0 */
	uint64_t sequence; /* odd: the content is being written */
	uint64_t changes;
	int64_t time;	    /* Unix time, nanoseconds */
	uint64_t reserved2; /* 0 */
	char name[DATA_NAME_MAX + 1];
};

static_assert(sizeof(struct format_header) == 128, "the header has no padding");
static_assert(sizeof(_Atomic uint64_t) == sizeof(uint64_t) && ATOMIC_LLONG_LOCK_FREE == 2,
	      "other processes see the sequence change at once");

/* The header of an image of @block, nothing written yet; @layout_len: of its layout. */
void format_header_make(const struct data_block *block, size_t layout_len,
			struct format_header *ret_header);
/* Whether it is one, of a file of @file_len bytes. False: @problem. */
[[nodiscard]] bool format_header_check(const struct format_header *header, uint64_t file_len,
				       char problem[DATA_PROBLEM_MAX]);

/* "Var1 Bool 0.0\nVar2 String 2.0\n"; free() it. NULL: no memory. */
char *format_layout(const struct data_block *block, size_t *ret_len);
/* Reads it. NULL: @problem. */
struct data_block *format_layout_parse(const char *name, const char *layout, size_t len,
				       char problem[DATA_PROBLEM_MAX]);

/*
 * The owner's mark: a lock of the open file, which the kernel takes away with the process, and
 * which needs the right to write. False: errno.
 */
[[nodiscard]] bool format_own(int fd);
bool format_is_owned(int fd); /* by somebody else than this descriptor */

#endif
