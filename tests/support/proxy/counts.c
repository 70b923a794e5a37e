#include "counts.h"

#include <inttypes.h>
#include <limits.h>

#include "command.h"

void counts_add(struct counts *counts, uint32_t code)
{
	counts->total++;
	if (code < COUNTS_FIRST || code > COUNTS_LAST)
		counts->other++;
	else
		counts->by_code[code - COUNTS_FIRST]++;
}

void counts_print(const struct counts *counts, FILE *out)
{
	const char *comma = "";

	fprintf(out, "{\"total\": %" PRIu64 ", \"commands\": {", counts->total);
	for (uint32_t code = COUNTS_FIRST; code <= COUNTS_LAST; code++) {
		uint64_t count = counts->by_code[code - COUNTS_FIRST];
		const char *name = command_name(code);

		if (!count)
			continue;
		if (name)
			fprintf(out, "%s\"%s\": %" PRIu64, comma, name, count);
		else
			fprintf(out, "%s\"0x%x\": %" PRIu64, comma, code, count);
		comma = ", ";
	}
	if (counts->other)
		fprintf(out, "%s\"other\": %" PRIu64, comma, counts->other);
	fputs("}}\n", out);
}

bool counts_write(const struct counts *counts, const char *path)
{
	char temporary[PATH_MAX];
	FILE *out;

	if (snprintf(temporary, sizeof(temporary), "%s.new", path) >= (int)sizeof(temporary))
		return false;
	out = fopen(temporary, "we");
	if (!out)
		return false;
	counts_print(counts, out);
	return fclose(out) == 0 && rename(temporary, path) == 0;
}
