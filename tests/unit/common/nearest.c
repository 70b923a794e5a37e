#include "nearest.h"

#include <criterion/criterion.h>
#include <string.h>

Test(nearest, counts_letters_added_left_out_and_changed)
{
	cr_assert_eq(nearest_distance("LocalPort", "LocalPort"), 0);
	cr_assert_eq(nearest_distance("localport", "LocalPort"), 0);
	cr_assert_eq(nearest_distance("LocalPorts", "LocalPort"), 1);
	cr_assert_eq(nearest_distance("LocaPort", "LocalPort"), 1);
	cr_assert_eq(nearest_distance("LokalPort", "LocalPort"), 1);
	cr_assert_eq(nearest_distance("LoaclPort", "LocalPort"), 2);
}

Test(nearest, takes_others_for_other_words)
{
	cr_assert_gt(nearest_distance("ID", "CONT"), NEAREST_MAX);
	cr_assert_gt(nearest_distance("EN", "ID"), NEAREST_MAX);
	cr_assert_gt(nearest_distance("", "ID"), NEAREST_MAX);
	cr_assert_gt(nearest_distance("Socket", "RemoteAddress"), NEAREST_MAX);
}

Test(nearest, bounds_what_it_compares)
{
	char word[66];

	memset(word, 'a', 65);
	word[65] = '\0';
	cr_assert_gt(nearest_distance(word, word), NEAREST_MAX);
	word[64] = '\0';
	cr_assert_eq(nearest_distance(word, word), 0);
}
