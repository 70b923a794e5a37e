/*
 * The configuration of keystore-https. Hides the INI file, its defaults, and which combinations are
 * none.
 */
#ifndef HTTPS_SETTINGS_H
#define HTTPS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "conf_report.h"
#include "listener.h"
#include "value.h"

#define HTTPS_PLACES_MAX 8   /* of Listen */
#define HTTPS_NAMES_MAX	 16  /* of ServerNames */
#define HTTPS_TEXT_MAX	 128 /* bytes of Name and of Location */

/* Whether browsers have to show a certificate. */
enum https_client_certificate {
	HTTPS_CLIENT_NONE,     /* they are not asked for one */
	HTTPS_CLIENT_OPTIONAL, /* asked, and without one let in; a bad one is refused */
	HTTPS_CLIENT_REQUIRED,
};

struct https_settings {
	bool is_enabled;		   /* else the program says so, and ends well */
	char socket[VALUE_PATH_MAX + 1];   /* keystored's; "": its default */
	char service[VALUE_GROUP_MAX + 1]; /* whose certificate is shown */

	struct listener_place places[HTTPS_PLACES_MAX];
	size_t place_count; /* from 1 on */
	bool redirects;
	struct listener_place redirect; /* plain HTTP, if it redirects */

	char name[HTTPS_TEXT_MAX + 1], location[HTTPS_TEXT_MAX + 1]; /* "": not given */
	/* What Host may say, in small letters, addresses without brackets; none: anything. */
	char name_texts[HTTPS_NAMES_MAX][VALUE_HOST_MAX + 1];
	const char *names[HTTPS_NAMES_MAX]; /* the same */
	size_t name_count;

	enum https_client_certificate client_certificate;
	char group[VALUE_GROUP_MAX + 1]; /* by which it is judged */
	bool allows_tls12;
	unsigned handshakes_max, handshakes_of_address;
	uint32_t handshake_ms;
	uint32_t recheck_s;

	unsigned connections_max, connections_of_address;
	uint32_t idle_ms, request_ms;
	uint32_t body_max; /* bytes */

	char data_images[VALUE_PATH_MAX + 1];  /* keystore-ouc's folder */
	char data_control[VALUE_PATH_MAX + 1]; /* and socket */
};

/*
 * Reads and checks all of it, and tells every problem, not the first alone. False: there was a
 * fault, or no memory.
 */
[[nodiscard]] bool https_settings_read(FILE *file, conf_problem_fn *problem, void *user,
				       struct https_settings **ret_settings);
void https_settings_free(struct https_settings *settings); /* NULL is fine */

#endif
