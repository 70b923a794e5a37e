/*
 * The configuration of keystore-opcua. Hides the INI file, its defaults, and which combinations are
 * none. Without open62541.
 */
#ifndef OPCUA_SETTINGS_H
#define OPCUA_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "conf_report.h"
#include "listener.h"
#include "opn.h"
#include "policy_kind.h"
#include "value.h"

#define OPCUA_PLACES_MAX    8  /* of Listen */
#define OPCUA_HOSTS_MAX	    8  /* of HostNames */
#define OPCUA_ENDPOINTS_MAX 11 /* None, and the others twice */
#define OPCUA_TEXT_MAX	    128
#define OPCUA_URI_MAX	    190 /* bytes */

struct opcua_endpoint {
	enum policy_id policy;
	enum opn_mode mode;
};

struct opcua_settings {
	bool is_enabled;			 /* else the program says so, and ends well */
	char socket[VALUE_PATH_MAX + 1];	 /* keystored's; "": its default */
	char service[VALUE_GROUP_MAX + 1];	 /* whose certificate is shown */
	char https_service[VALUE_GROUP_MAX + 1]; /* DefaultHttpsGroup; "": none */

	struct listener_place places[OPCUA_PLACES_MAX];
	size_t place_count; /* from 1 on */

	char name[OPCUA_TEXT_MAX + 1];
	char application_uri[OPCUA_URI_MAX + 1]; /* "": the certificate's */
	char product_uri[OPCUA_URI_MAX + 1];
	/* Of endpoint URLs, addresses without brackets; none: what the machine is called. */
	char hosts[OPCUA_HOSTS_MAX][VALUE_HOST_MAX + 1];
	size_t host_count;

	struct opcua_endpoint endpoints[OPCUA_ENDPOINTS_MAX];
	size_t endpoint_count; /* from 1 on */

	bool allows_anonymous, allows_user_names, allows_user_certificates;
	unsigned anonymous_rights;	      /* enum ks_right */
	char user_group[VALUE_GROUP_MAX + 1]; /* by which user certificates are judged */

	bool is_provisioned; /* over the network, as long as its trust list is empty */

	uint32_t buffer_max, message_max;	   /* bytes, of a chunk and of a message */
	uint32_t lifetime_min_ms, lifetime_max_ms; /* of a channel's token */
	unsigned connections_max, connections_of_address;
	unsigned sessions_max, subscriptions_max, items_max;
	uint32_t session_ms;
	uint32_t trust_list_max; /* bytes */
	bool sends_chain;	 /* issuers below the root besides the certificate */
	uint32_t grace_s;	 /* that a former certificate stays good for those who know it */

	char data_images[VALUE_PATH_MAX + 1];  /* keystore-ouc's folder */
	char data_control[VALUE_PATH_MAX + 1]; /* and socket */
};

/* Bits 1 << enum policy_id: those of the endpoints. */
unsigned opcua_settings_policies(const struct opcua_settings *settings);

/*
 * Reads and checks all of it, and tells every problem, not the first alone. False: there was a
 * fault, or no memory.
 */
[[nodiscard]] bool opcua_settings_read(FILE *file, conf_problem_fn *problem, void *user,
				       struct opcua_settings **ret_settings);
void opcua_settings_free(struct opcua_settings *settings); /* NULL is fine */

#endif
