#include "data_real.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS	 "0123456789"
#define TEXT_MAX 64

static const struct {
	const char *word;
	float value;
} words[] = {
	{"NaN", NAN},
	{"Infinity", INFINITY},
	{"-Infinity", -INFINITY},
};

/* strtof() itself would take hexadecimals, and leave what follows. */
static bool is_decimal(const char *at)
{
	size_t digits;

	at += strspn(at, "+-") == 1;
	digits = strspn(at, DIGITS);
	at += digits;
	if (*at == '.') {
		size_t fraction = strspn(at + 1, DIGITS);

		digits = digits && fraction ? digits : 0;
		at += 1 + fraction;
	}
	if (digits && (*at == 'e' || *at == 'E')) {
		at++;
		at += strspn(at, "+-") == 1;
		digits = strspn(at, DIGITS);
		at += digits;
	}
	return digits && !*at;
}

bool data_real_parse(const char *text, float *ret_value)
{
	locale_t plain;
	float value;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(text, words[i].word) == 0) {
			*ret_value = words[i].value;
			return true;
		}
	if (strlen(text) > TEXT_MAX || !is_decimal(text))
		return false;
	plain = newlocale(LC_ALL_MASK, "C", NULL);
	if (!plain)
		return false;
	value = strtof_l(text, NULL, plain);
	freelocale(plain);
	if (!isfinite(value))
		return false;
	*ret_value = value;
	return true;
}

bool data_real_narrow(double value, float *ret_value)
{
	/* Halfway to what would be the next: from there on it would be rounded to infinity. */
	if (!(fabs(value) < 0x1.ffffffp127))
		return false;
	*ret_value = (float)value;
	return true;
}

const char *data_real_word(float value)
{
	if (isnan(value))
		return words[0].word;
	if (isinf(value))
		return words[value > 0 ? 1 : 2].word;
	return NULL;
}

double data_real_widen(float value)
{
	locale_t plain = newlocale(LC_ALL_MASK, "C", NULL);
	locale_t before;
	double wide = value;

	if (!plain)
		return wide;
	before = uselocale(plain);
	/* Any Real is told from its neighbours by nine digits, and no two by six but the smallest. */
	for (int digits = fabsf(value) < FLT_MIN ? 1 : 6; digits <= 9; digits++) {
		char text[32];
		double shorter;

		snprintf(text, sizeof(text), "%.*g", digits, (double)value);
		shorter = strtod(text, NULL);
		if ((float)shorter == value) {
			wide = shorter;
			break;
		}
	}
	uselocale(before);
	freelocale(plain);
	return wide;
}
