#include "space.h"

#include <stdlib.h>
#include <string.h>

#include "space_certs.h"
#include "space_data.h"
#include "space_node.h"
#include "space_tpm.h"

#define NOBODY ~0u

struct space {
	struct space_options options;
	struct space_nodes nodes;
	struct space_certs *certs;
	struct space_tpm *tpm;
	struct space_data *data; /* NULL: keystore-ouc is not used */
};

/* What is below a folder. */
static const struct {
	const char *prefix;
	unsigned to_read, to_write;
} parts[] = {
	{SPACE_CERTIFICATES "/", KS_RIGHT_VIEW, NOBODY},
	{SPACE_TPM "/", KS_RIGHT_READ_DIAGNOSTICS, NOBODY},
	{SPACE_DATA "/", KS_RIGHT_READ_PROCESS_DATA, KS_RIGHT_WRITE_PROCESS_DATA},
};

static bool has_data(const struct space_options *options)
{
	return options->data_images && *options->data_images;
}

static bool add_folders(struct space *space)
{
	struct space_nodes *nodes = &space->nodes;

	return space_node_add_object(nodes, NULL, SPACE_TOP, SPACE_TOP, true) == 0 &&
	       space_node_add_object(nodes, SPACE_TOP, "Certificates", "Certificates", true) == 0 &&
	       space_node_add_object(nodes, SPACE_TOP, "Tpm", "TPM", true) == 0 &&
	       (!has_data(&space->options) ||
		space_node_add_object(nodes, SPACE_TOP, "Data", "Data", true) == 0);
}

static bool make_parts(struct space *space, sd_event *event)
{
	const struct space_options *options = &space->options;

	space->certs = space_certs_new(&space->nodes, options);
	space->tpm = space_tpm_new(event, &space->nodes, options);
	if (has_data(options))
		space->data = space_data_new(event, &space->nodes, options);
	return space->certs && space->tpm && (space->data || !has_data(options));
}

struct space *space_new(sd_event *event, const struct space_options *options)
{
	struct space *space = calloc(1, sizeof(*space));

	if (!space)
		return NULL;
	space->options = *options;
	space->nodes.server = options->server;
	space->nodes.index = UA_Server_addNamespace(options->server, SPACE_NAMESPACE);
	if (add_folders(space) && make_parts(space, event)) {
		if (uplink_client(options->uplink))
			space_uplink_up(space);
		return space;
	}
	space_free(space);
	return NULL;
}

void space_free(struct space *space)
{
	if (!space)
		return;
	space_data_free(space->data);
	space_tpm_free(space->tpm);
	space_certs_free(space->certs);
	space_node_delete(&space->nodes, SPACE_TOP);
	free(space);
}

void space_event(struct space *space, const struct ks_event *event)
{
	space_certs_event(space->certs, event);
	space_tpm_event(space->tpm, event);
}

void space_uplink_up(struct space *space)
{
	space_certs_up(space->certs);
	space_tpm_up(space->tpm);
}

void space_uplink_down(struct space *space, const char *why)
{
	(void)why;
	space_certs_down(space->certs);
	space_tpm_down(space->tpm);
}

static bool part_of(const struct space *space, const UA_NodeId *node, size_t *ret_part)
{
	char path[SPACE_PATH_MAX];

	if (!space_node_path(&space->nodes, node, path))
		return false;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (strncmp(path, parts[i].prefix, strlen(parts[i].prefix)) == 0) {
			*ret_part = i;
			return true;
		}
	}
	return false;
}

unsigned space_right_to_read(const struct space *space, const UA_NodeId *node)
{
	size_t part;

	return part_of(space, node, &part) ? parts[part].to_read : 0;
}

unsigned space_right_to_write(const struct space *space, const UA_NodeId *node)
{
	size_t part;

	return part_of(space, node, &part) ? parts[part].to_write : NOBODY;
}
