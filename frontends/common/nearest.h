/* Which name somebody meant who mistyped it. Hides how far apart two words are. */
#ifndef COMMON_NEAREST_H
#define COMMON_NEAREST_H

/*
 * How many letters have to be added, left out or changed, whatever their case: 0 is the same, and
 * more than NEAREST_MAX another word.
 */
unsigned nearest_distance(const char *one, const char *other);

#define NEAREST_MAX 3

#endif
