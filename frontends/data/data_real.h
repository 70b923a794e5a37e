/* Real in decimal. Hides the spelling, the rounding, and that a locale would change both. */
#ifndef DATA_DATA_REAL_H
#define DATA_DATA_REAL_H

#include <stdbool.h>

/* "-2.5", "1e-3", "NaN", "Infinity", "-Infinity". False: none, or none that a Real can hold. */
[[nodiscard]] bool data_real_parse(const char *text, float *ret_value);

/* Rounds. False: it is too large. */
[[nodiscard]] bool data_real_narrow(double value, float *ret_value);

/* "NaN", "Infinity", "-Infinity"; NULL: it is a number. */
const char *data_real_word(float value);

/*
 * The double that reads as the shortest decimal that is this Real, and is narrowed to it again:
 * 0.1, and not 0.10000000149011612. @value: a number.
 */
double data_real_widen(float value);

#endif
