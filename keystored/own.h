/*
 * What this device is called in its networks and was called before: its addresses and its host
 * name. Hides when a change counts: not before it has lasted, so that a cable that is plugged
 * again, or a lease that is asked for anew, changes nothing. Pure: sights and times in.
 */
#ifndef OWN_H
#define OWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OWN_TEXT_MAX	  65 /* a host name (HOST_NAME_MAX) or an address, with its NUL */
#define OWN_INTERFACE_MAX 16 /* IFNAMSIZ */
#define OWN_SEEN_MAX	  256u
#define OWN_DARK_MAX	  256u
#define OWN_MAX		  512u
#define OWN_NEVER	  UINT64_MAX

/* Written to the store: numbers stay. */
enum own_type { OWN_IPV4 = 1, OWN_IPV6 = 2, OWN_HOST = 3 };

struct own_seen {
	enum own_type type;
	char text[OWN_TEXT_MAX];	   /* an address as inet_ntop() writes it */
	char interface[OWN_INTERFACE_MAX]; /* "": of the device as a whole */
};

/* The device at a moment. */
struct own_sight {
	struct own_seen seen[OWN_SEEN_MAX];
	size_t count;
	/* Interfaces without a link: what they lack says nothing of how they are configured. */
	char dark[OWN_DARK_MAX][OWN_INTERFACE_MAX];
	size_t dark_count;
	bool is_partial; /* there is more, or some could not be read: what is missing may be there */
};

struct own_name {
	struct own_seen is;
	bool is_here;
	int64_t since;	  /* Unix time, since when it is here, or is not; 0: never settled */
	bool is_news;	  /* it has settled with the last sight */
	uint64_t differs; /* since when the sights say otherwise, microseconds; 0: they do not */
};

/* Where there is no room, what went away first is forgotten. Zeroed: nothing is known. */
struct own {
	struct own_name names[OWN_MAX];
	size_t count;
};

/* False: there is no room, and it is as if it were not there. */
bool own_sight_add(struct own_sight *sight, const struct own_seen *seen);
bool own_sight_add_dark(struct own_sight *sight, const char *interface);

struct own_times {
	uint64_t now; /* microseconds, monotonic, not 0 */
	int64_t time; /* Unix, seconds */
	uint64_t settle;
};

/*
 * Takes a sight into account. True: something has settled, and is to be kept. *ret_next: when
 * to look again at the latest; OWN_NEVER: at the next change.
 */
bool own_observe(struct own *own, const struct own_sight *sight, const struct own_times *times,
		 uint64_t *ret_next);

#endif
