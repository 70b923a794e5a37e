#include "throttle.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_WAIT_MS 1000
#define NETWORK_MAX   64 /* bytes of an address, as text */
#define IPV6_NETWORK  8	 /* bytes: below it one subscriber has all addresses to himself */

struct count {
	uint64_t key; /* 0: free */
	uint64_t last;
	uint64_t leaked; /* of an address in all: up to then */
	unsigned failures;
};

struct place {
	uint64_t key;
	unsigned taken; /* 0: free */
};

struct throttle {
	struct throttle_limits limits;
	uint8_t salt[16]; /* so that nobody can choose what shares a count */
	struct count counts[THROTTLE_COUNTS];
	struct place places[THROTTLE_PLACES];
	unsigned taken;
	uint64_t seen[THROTTLE_SEEN];
	size_t seen_next;
};

struct throttle *throttle_new(const struct throttle_limits *limits)
{
	struct throttle *throttle = calloc(1, sizeof(*throttle));

	if (!throttle || RAND_bytes(throttle->salt, sizeof(throttle->salt)) != 1) {
		free(throttle);
		return NULL;
	}
	throttle->limits = *limits;
	if (throttle->limits.places > THROTTLE_PLACES)
		throttle->limits.places = THROTTLE_PLACES;
	return throttle;
}

void throttle_free(struct throttle *throttle)
{
	free(throttle);
}

/* What is one peer as far as anybody can tell; @network: NETWORK_MAX zeroes. */
static void network_of(const char *address, uint8_t *network)
{
	struct in6_addr ipv6;
	char text[NETWORK_MAX];
	size_t len = strcspn(address, "%");

	if (len >= sizeof(text))
		len = sizeof(text) - 1;
	memcpy(text, address, len);
	text[len] = '\0';
	if (inet_pton(AF_INET6, text, &ipv6) == 1) {
		len = IN6_IS_ADDR_V4MAPPED(&ipv6) ? sizeof(ipv6) : IPV6_NETWORK;
		memcpy(network, &ipv6, len);
	} else {
		memcpy(network, text, len);
	}
}

/* 0: it could not be made. */
static uint64_t key_of(const struct throttle *throttle, const char *address, const uint8_t *what,
		       size_t len)
{
	uint8_t network[NETWORK_MAX] = {0};
	uint8_t digest[32];
	uint64_t key;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool is_done;

	if (address)
		network_of(address, network);
	is_done = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
		  EVP_DigestUpdate(context, throttle->salt, sizeof(throttle->salt)) == 1 &&
		  EVP_DigestUpdate(context, network, sizeof(network)) == 1 &&
		  EVP_DigestUpdate(context, what, len) == 1 &&
		  EVP_DigestFinal_ex(context, digest, NULL) == 1;
	EVP_MD_CTX_free(context);
	memcpy(&key, digest, sizeof(key));
	return is_done ? key : 0;
}

bool throttle_enter(struct throttle *throttle, const char *address)
{
	uint64_t key = key_of(throttle, address, NULL, 0);
	struct place *place = NULL;

	if (!key || throttle->taken >= throttle->limits.places)
		return false;
	for (size_t i = 0; i < THROTTLE_PLACES; i++) {
		struct place *other = &throttle->places[i];

		if (other->taken && other->key == key) {
			place = other;
			break;
		}
		if (!other->taken && !place)
			place = other;
	}
	if (!place || (place->taken && place->taken >= throttle->limits.places_of_address))
		return false;
	place->key = key;
	place->taken++;
	throttle->taken++;
	return true;
}

void throttle_leave(struct throttle *throttle, const char *address)
{
	uint64_t key = key_of(throttle, address, NULL, 0);

	for (size_t i = 0; i < THROTTLE_PLACES; i++) {
		struct place *place = &throttle->places[i];

		if (!place->taken || place->key != key)
			continue;
		place->taken--;
		throttle->taken--;
		return;
	}
}

static bool is_forgotten(const struct count *count, uint64_t now)
{
	return !count->failures || now - count->last >= THROTTLE_FORGET_MS * UINT64_C(1000);
}

/* NULL: there are no failures. */
static struct count *count_find(struct throttle *throttle, uint64_t key, uint64_t now)
{
	for (size_t i = 0; i < THROTTLE_COUNTS; i++) {
		struct count *count = &throttle->counts[i];

		if (count->key == key && !is_forgotten(count, now))
			return count;
	}
	return NULL;
}

/*
 * The one that failed longest ago makes room: whoever has so many addresses gains nothing by it, and
 * a count that all others share would keep everybody waiting for him.
 */
static struct count *count_make(struct throttle *throttle, uint64_t key, uint64_t now)
{
	struct count *room = &throttle->counts[0];

	for (size_t i = 0; i < THROTTLE_COUNTS; i++) {
		struct count *count = &throttle->counts[i];

		if (is_forgotten(count, now)) {
			room = count;
			break;
		}
		if (count->last < room->last)
			room = count;
	}
	*room = (struct count){.key = key, .leaked = now};
	return room;
}

/*
 * Who fails at the pace at which one thing may be tried again does not keep waiting those that share
 * his address.
 */
static struct count *leak(struct count *count, uint64_t now)
{
	uint64_t times = count ? (now - count->leaked) / (THROTTLE_LEAK_MS * UINT64_C(1000)) : 0;

	if (!times)
		return count;
	count->leaked += times * THROTTLE_LEAK_MS * UINT64_C(1000);
	count->failures -= times < count->failures ? (unsigned)times : count->failures;
	return count;
}

/* Milliseconds. */
static uint64_t wait_of(const struct count *count, unsigned free, uint64_t now)
{
	uint64_t wait = FIRST_WAIT_MS;

	if (!count || count->failures < free)
		return 0;

	uint64_t elapsed = (now - count->last) / 1000;

	for (unsigned i = free; i < count->failures && wait < THROTTLE_WAIT_MS; i++)
		wait *= 2;
	if (wait > THROTTLE_WAIT_MS)
		wait = THROTTLE_WAIT_MS;
	return elapsed < wait ? wait - elapsed : 0;
}

static void fail(struct throttle *throttle, uint64_t key, uint64_t now)
{
	struct count *count = count_find(throttle, key, now);

	if (!count)
		count = count_make(throttle, key, now);
	count->failures++;
	count->last = now;
}

uint64_t throttle_wait(struct throttle *throttle, const char *address, const uint8_t *what,
		       size_t len, uint64_t now)
{
	uint64_t one = key_of(throttle, address, what, len);
	uint64_t all = key_of(throttle, address, NULL, 0);
	uint64_t wait_one, wait_all;

	if (!one || !all)
		return FIRST_WAIT_MS;
	wait_one = wait_of(count_find(throttle, one, now), throttle->limits.free, now);
	wait_all = wait_of(leak(count_find(throttle, all, now), now),
			   throttle->limits.free * THROTTLE_SPREAD, now);
	return wait_one > wait_all ? wait_one : wait_all;
}

void throttle_wrong(struct throttle *throttle, const char *address, const uint8_t *what, size_t len,
		    uint64_t now)
{
	fail(throttle, key_of(throttle, address, what, len), now);
	fail(throttle, key_of(throttle, address, NULL, 0), now);
}

/* A right one says nothing about others: what an address got wrong in all is only forgotten. */
void throttle_right(struct throttle *throttle, const char *address, const uint8_t *what, size_t len,
		    uint64_t now)
{
	struct count *one = count_find(throttle, key_of(throttle, address, what, len), now);

	if (one)
		one->failures = 0;
}

bool throttle_seen(struct throttle *throttle, const uint8_t *bytes, size_t len)
{
	uint64_t key = key_of(throttle, NULL, bytes, len);

	for (size_t i = 0; i < THROTTLE_SEEN && key; i++)
		if (throttle->seen[i] == key)
			return true;
	throttle->seen[throttle->seen_next] = key;
	throttle->seen_next = (throttle->seen_next + 1) % THROTTLE_SEEN;
	return false;
}
