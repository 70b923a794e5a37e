#include "data_format.h"

#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data_problem.h"

static uint32_t data_place(size_t layout_len)
{
	size_t end = sizeof(struct format_header) + layout_len;

	return (uint32_t)((end + FORMAT_ALIGN - 1) / FORMAT_ALIGN * FORMAT_ALIGN);
}

void format_header_make(const struct data_block *block, size_t layout_len,
			struct format_header *ret_header)
{
	struct format_header header = {
		.version = htole32(FORMAT_VERSION),
		.layout_at = htole32(sizeof(header)),
		.layout_len = htole32((uint32_t)layout_len),
		.data_at = htole32(data_place(layout_len)),
		.data_len = htole32(block->size),
	};

	memcpy(header.magic, FORMAT_MAGIC, sizeof(header.magic));
	strcpy(header.name, block->name);
	*ret_header = header;
}

bool format_header_check(const struct format_header *header, uint64_t file_len,
			 char problem[DATA_PROBLEM_MAX])
{
	uint32_t layout_len = le32toh(header->layout_len);
	uint32_t data_len = le32toh(header->data_len);

	if (memcmp(header->magic, FORMAT_MAGIC, sizeof(header->magic)) != 0)
		return data_fail(problem, "it does not begin as an image");
	if (le32toh(header->version) != FORMAT_VERSION)
		return data_fail(problem, "its format is version %u, and %d is known",
				 le32toh(header->version), FORMAT_VERSION);
	if (layout_len == 0 || layout_len > FORMAT_LAYOUT_MAX || data_len == 0 ||
	    data_len > DATA_BYTES_MAX)
		return data_fail(problem, "its header says %u bytes of layout and %u of content",
				 layout_len, data_len);
	if (le32toh(header->layout_at) != sizeof(*header) ||
	    le32toh(header->data_at) != data_place(layout_len))
		return data_fail(problem,
				 "its header says that the layout is at %u, "
				 "the content at %u",
				 le32toh(header->layout_at), le32toh(header->data_at));
	if (file_len != (uint64_t)data_place(layout_len) + data_len)
		return data_fail(problem, "it has %llu bytes, and its header says %u",
				 (unsigned long long)file_len, data_place(layout_len) + data_len);
	if (!memchr(header->name, '\0', sizeof(header->name)) || !data_name_is_valid(header->name))
		return data_fail(problem, "its block has no name");
	return true;
}

char *format_layout(const struct data_block *block, size_t *ret_len)
{
	char *layout = malloc(FORMAT_LAYOUT_MAX + 1);
	size_t len = 0;

	for (size_t i = 0; layout && i < block->field_count; i++) {
		const struct data_field *field = &block->fields[i];
		char type[FORMAT_TYPE_MAX];
		char place[16];

		data_type_print(&field->type, type, sizeof(type));
		data_field_place(field, place, sizeof(place));
		len += (size_t)snprintf(layout + len, FORMAT_LAYOUT_MAX + 1 - len, "%s %s %s\n",
					field->name, type, place);
	}
	*ret_len = len;
	return layout;
}

/* "Var2 String 2.0", which is cut into its parts. */
static bool parse_line(struct data_block *block, char *line, char *problem)
{
	char *type_text = strchr(line, ' ');
	char *place_text = strrchr(line, ' ');
	struct data_type type;
	char place[16];

	if (!type_text || type_text == place_text)
		return data_fail(problem, "it is not of name, type and place");
	*type_text++ = '\0';
	*place_text++ = '\0';
	if (!data_type_parse(type_text, &type, problem) ||
	    !data_block_add(block, line, &type, problem))
		return false;
	data_field_place(&block->fields[block->field_count - 1], place, sizeof(place));
	if (strcmp(place, place_text) != 0)
		return data_fail(problem, "%s is at %s", line, place);
	return true;
}

struct data_block *format_layout_parse(const char *name, const char *layout, size_t len,
				       char problem[DATA_PROBLEM_MAX])
{
	struct data_block *block = data_block_new(name);
	char line[FORMAT_LINE_MAX + 1];
	char why[DATA_PROBLEM_MAX];
	size_t at = 0;

	if (!block) {
		(void)data_fail(problem, "out of memory");
		return NULL;
	}
	for (unsigned number = 1; at < len; number++) {
		const char *end = memchr(layout + at, '\n', len - at);
		size_t line_len = end ? (size_t)(end - layout) - at : sizeof(line);

		(void)data_fail(why, "it is no line");
		if (line_len < sizeof(line)) {
			memcpy(line, layout + at, line_len);
			line[line_len] = '\0';
		}
		if (line_len >= sizeof(line) || strlen(line) != line_len ||
		    !parse_line(block, line, why)) {
			(void)data_fail(problem, "line %u of its layout: %s", number, why);
			data_block_free(block);
			return NULL;
		}
		at += line_len + 1;
	}
	return block;
}

bool format_own(int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

bool format_is_owned(int fd)
{
	/* Asked as by a reader: another reader's lock, which anybody may take, is no mark. */
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};

	return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_WRLCK;
}
