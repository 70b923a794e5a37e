/*
 * Values of simple types as people write them. Hides notations; without open62541. Each returns
 * false for what is no such value.
 */
#ifndef CLIENT_SCALAR_TEXT_H
#define CLIENT_SCALAR_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* true, false, 1, 0, TRUE … */
[[nodiscard]] bool scalar_read_bool(const char *text, bool *ret_value);
/* Decimal, or hexadecimal behind 0x. */
[[nodiscard]] bool scalar_read_signed(const char *text, int64_t min, int64_t max,
				      int64_t *ret_value);
[[nodiscard]] bool scalar_read_unsigned(const char *text, uint64_t max, uint64_t *ret_value);
/* "1.5", "-2e3", "NaN", "Infinity". @is_float: what a float cannot hold is none. */
[[nodiscard]] bool scalar_read_double(const char *text, bool is_float, double *ret_value);
/* "2026-03-01T12:00:00.5Z", "2026-03-01": in 100 ns since 1601-01-01 (OPC 10000-6 5.2.2.5). */
[[nodiscard]] bool scalar_read_time(const char *text, int64_t *ret_value);
/* Base64, or hexadecimal digits behind "hex:". free() it. */
[[nodiscard]] bool scalar_read_bytes(const char *text, uint8_t **ret_bytes, size_t *ret_len);

#define SCALAR_TIME_BYTES 40
/* "2026-03-01T12:00:00.5Z"; "" where it is outside of years 1601 to 9999. */
void scalar_time_text(int64_t value, char text[SCALAR_TIME_BYTES]);

#endif
