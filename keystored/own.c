#include "own.h"

#include <stdio.h>
#include <string.h>

bool own_sight_add(struct own_sight *sight, const struct own_seen *seen)
{
	if (sight->count == OWN_SEEN_MAX) {
		sight->is_partial = true;
		return false;
	}
	sight->seen[sight->count++] = *seen;
	return true;
}

bool own_sight_add_dark(struct own_sight *sight, const char *interface)
{
	if (sight->dark_count == OWN_DARK_MAX) {
		sight->is_partial = true;
		return false;
	}
	snprintf(sight->dark[sight->dark_count++], OWN_INTERFACE_MAX, "%s", interface);
	return true;
}

static bool is_same(const struct own_seen *a, const struct own_seen *b)
{
	return a->type == b->type && strcmp(a->text, b->text) == 0;
}

/* Where it is on several interfaces, the one that it was on. */
static const struct own_seen *find_seen(const struct own_sight *sight, const struct own_seen *name)
{
	const struct own_seen *found = NULL;

	for (size_t i = 0; i < sight->count; i++) {
		const struct own_seen *seen = &sight->seen[i];

		if (!is_same(seen, name))
			continue;
		if (strcmp(seen->interface, name->interface) == 0)
			return seen;
		if (!found)
			found = seen;
	}
	return found;
}

static bool is_dark(const struct own_sight *sight, const char *interface)
{
	for (size_t i = 0; i < sight->dark_count; i++) {
		if (strcmp(sight->dark[i], interface) == 0)
			return true;
	}
	return false;
}

static bool is_known(const struct own *own, const struct own_seen *seen)
{
	for (size_t i = 0; i < own->count; i++) {
		if (is_same(&own->names[i].is, seen))
			return true;
	}
	return false;
}

static void forget(struct own *own, size_t at)
{
	own->names[at] = own->names[--own->count];
}

/* There is always one that is not here: a sight has room for half as many. */
static void forget_oldest(struct own *own)
{
	size_t oldest = own->count;

	for (size_t i = 0; i < own->count; i++) {
		const struct own_name *name = &own->names[i];

		if (!name->is_here &&
		    (oldest == own->count || name->since < own->names[oldest].since))
			oldest = i;
	}
	if (oldest < own->count)
		forget(own, oldest);
}

static void add_new(struct own *own, const struct own_sight *sight)
{
	for (size_t i = 0; i < sight->count; i++) {
		if (is_known(own, &sight->seen[i]))
			continue;
		if (own->count == OWN_MAX)
			forget_oldest(own);
		if (own->count < OWN_MAX)
			own->names[own->count++] = (struct own_name){.is = sight->seen[i]};
	}
}

/* True: it has settled. */
static bool settle(struct own_name *name, bool is_seen, const struct own_times *times,
		   uint64_t *next)
{
	if (is_seen == name->is_here) {
		name->differs = 0;
		return false;
	}
	if (!name->differs)
		name->differs = times->now;
	if (times->now - name->differs < times->settle) {
		if (name->differs + times->settle < *next)
			*next = name->differs + times->settle;
		return false;
	}
	name->is_here = is_seen;
	name->since = times->time;
	name->differs = 0;
	name->is_news = true;
	return true;
}

bool own_observe(struct own *own, const struct own_sight *sight, const struct own_times *times,
		 uint64_t *ret_next)
{
	uint64_t next = OWN_NEVER;
	bool has_settled = false;

	add_new(own, sight);
	for (size_t i = own->count; i-- > 0;) {
		struct own_name *name = &own->names[i];
		const struct own_seen *seen = find_seen(sight, &name->is);

		name->is_news = false;
		if (seen && strcmp(seen->interface, name->is.interface) != 0) {
			name->is = *seen;
			has_settled |= name->since != 0;
		}
		/* As it was: nobody can tell. */
		if (!seen && (sight->is_partial || is_dark(sight, name->is.interface)))
			name->differs = 0;
		else
			has_settled |= settle(name, seen != NULL, times, &next);
		if (!seen && !name->since)
			forget(own, i);
	}
	*ret_next = next;
	return has_settled;
}
