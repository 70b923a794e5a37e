/* What a fuzz target is: the function that libFuzzer, or replay.c, calls with some bytes. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* A property that must hold whatever the bytes are; kept in release builds. */
static inline void fuzz_expect(int holds)
{
	if (!holds)
		abort();
}

#endif
