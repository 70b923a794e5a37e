/* How often each TPM command was seen. Hides the file's form and how it is replaced. */
#ifndef PROXY_COUNTS_H
#define PROXY_COUNTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define COUNTS_FIRST 0x11f
#define COUNTS_LAST  0x1a0

/* Zero-initialise. */
struct counts {
	uint64_t total;
	uint64_t by_code[COUNTS_LAST - COUNTS_FIRST + 1];
	uint64_t other;
};

void counts_add(struct counts *counts, uint32_t code);

/* {"total": 3, "commands": {"Sign": 2, "GetRandom": 1}} and a line end. */
void counts_print(const struct counts *counts, FILE *out);

/* The same, as a file that is replaced as a whole. False: errno says. */
bool counts_write(const struct counts *counts, const char *path);

#endif
