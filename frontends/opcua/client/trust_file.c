#include "trust_file.h"

#include <stdlib.h>
#include <string.h>

#define OPEN_READ  1
#define OPEN_WRITE 6	 /* and empty it (OPC 10000-20 4.2.2) */
#define CHUNK	   65000 /* bytes of a call: any server takes a message of that size */
#define FILE_MAX   (256 * 1024 * 1024) /* of what is read */

struct trust_file {
	const struct program *program;
	const struct push_target *target;
	UA_NodeId list;
	UA_UInt32 handle;
	bool is_open;
};

void trust_lists_clear(struct trust_lists *lists)
{
	for (size_t i = 0; i < TRUST_PARTS; i++)
		cert_files_clear(&lists->parts[i]);
}

static enum exit_code fail(const struct trust_file *file, UA_StatusCode status)
{
	return server_link_fail(file->target->link, status, "the trust list of group %s",
				file->target->group_name);
}

/* The instance's own method: not every server takes the type's. */
static UA_StatusCode find_method(const struct trust_file *file, const char *name,
				 UA_NodeId *ret_method)
{
	UA_RelativePathElement element = {
		.referenceTypeId = UA_NODEID_NUMERIC(0, UA_NS0ID_HASCOMPONENT),
		.includeSubtypes = true,
		.targetName = UA_QUALIFIEDNAME(0, (char *)(uintptr_t)name)};
	UA_BrowsePath path = {.startingNode = file->list,
			      .relativePath = {.elements = &element, .elementsSize = 1}};
	UA_TranslateBrowsePathsToNodeIdsRequest request = {.browsePaths = &path,
							   .browsePathsSize = 1};
	UA_TranslateBrowsePathsToNodeIdsResponse response =
		UA_Client_Service_translateBrowsePathsToNodeIds(
			server_link_client(file->target->link), request);
	UA_StatusCode status = response.responseHeader.serviceResult;

	if (status == UA_STATUSCODE_GOOD &&
	    (response.resultsSize != 1 || !response.results[0].targetsSize))
		status = UA_STATUSCODE_BADMETHODINVALID;
	if (status == UA_STATUSCODE_GOOD)
		status =
			UA_NodeId_copy(&response.results[0].targets[0].targetId.nodeId, ret_method);
	UA_TranslateBrowsePathsToNodeIdsResponse_clear(&response);
	return status;
}

static UA_StatusCode call(const struct trust_file *file, const char *name, size_t count,
			  UA_Variant *inputs, size_t *ret_count, UA_Variant **ret_outputs)
{
	UA_NodeId method = UA_NODEID_NULL;
	UA_StatusCode status = find_method(file, name, &method);

	if (status == UA_STATUSCODE_GOOD)
		status = UA_Client_call(server_link_client(file->target->link), file->list, method,
					count, inputs, ret_count, ret_outputs);
	UA_NodeId_clear(&method);
	return status;
}

static enum exit_code open_file(struct trust_file *file, UA_Byte mode)
{
	UA_Variant input, *outputs = NULL;
	size_t count = 0;
	UA_StatusCode status;
	UA_UInt32 *handle;
	enum exit_code code = push_trust_list(file->target, &file->list);

	if (code != EXIT_OK)
		return code;
	UA_Variant_setScalar(&input, &mode, &UA_TYPES[UA_TYPES_BYTE]);
	status = call(file, "Open", 1, &input, &count, &outputs);
	handle = push_scalar(outputs, count, 0, &UA_TYPES[UA_TYPES_UINT32]);
	if (status == UA_STATUSCODE_GOOD && !handle)
		status = UA_STATUSCODE_BADUNEXPECTEDERROR;
	if (status == UA_STATUSCODE_GOOD) {
		file->handle = *handle;
		file->is_open = true;
	} else {
		code = fail(file, status);
	}
	UA_Array_delete(outputs, count, &UA_TYPES[UA_TYPES_VARIANT]);
	return code;
}

/* What was written is dropped. */
static void close_file(struct trust_file *file)
{
	UA_Variant input, *outputs = NULL;
	size_t count = 0;

	if (file->is_open) {
		UA_Variant_setScalar(&input, &file->handle, &UA_TYPES[UA_TYPES_UINT32]);
		(void)call(file, "Close", 1, &input, &count, &outputs);
		UA_Array_delete(outputs, count, &UA_TYPES[UA_TYPES_VARIANT]);
	}
	UA_NodeId_clear(&file->list);
}

/* Appends. *ret_done: that was all. */
static UA_StatusCode read_chunk(struct trust_file *file, const UA_NodeId *method,
				UA_ByteString *into, bool *ret_done)
{
	UA_Variant inputs[2], *outputs = NULL;
	UA_Int32 wanted = CHUNK;
	size_t count = 0;
	UA_ByteString *bytes;
	UA_StatusCode status;
	UA_Byte *grown;

	UA_Variant_setScalar(&inputs[0], &file->handle, &UA_TYPES[UA_TYPES_UINT32]);
	UA_Variant_setScalar(&inputs[1], &wanted, &UA_TYPES[UA_TYPES_INT32]);
	status = UA_Client_call(server_link_client(file->target->link), file->list, *method, 2,
				inputs, &count, &outputs);
	bytes = push_scalar(outputs, count, 0, &UA_TYPES[UA_TYPES_BYTESTRING]);
	if (status == UA_STATUSCODE_GOOD && !bytes)
		status = UA_STATUSCODE_BADUNEXPECTEDERROR;
	if (status == UA_STATUSCODE_GOOD && into->length + bytes->length > FILE_MAX)
		status = UA_STATUSCODE_BADRESPONSETOOLARGE;
	if (status == UA_STATUSCODE_GOOD) {
		*ret_done = bytes->length == 0;
		grown = bytes->length ? UA_realloc(into->data, into->length + bytes->length) : NULL;
		if (bytes->length && !grown) {
			status = UA_STATUSCODE_BADOUTOFMEMORY;
		} else if (bytes->length) {
			memcpy(grown + into->length, bytes->data, bytes->length);
			into->data = grown;
			into->length += bytes->length;
		}
	}
	UA_Array_delete(outputs, count, &UA_TYPES[UA_TYPES_VARIANT]);
	return status;
}

static UA_StatusCode read_all(struct trust_file *file, UA_ByteString *ret_bytes)
{
	UA_NodeId method = UA_NODEID_NULL;
	UA_StatusCode status = find_method(file, "Read", &method);
	bool is_done = false;

	while (status == UA_STATUSCODE_GOOD && !is_done)
		status = read_chunk(file, &method, ret_bytes, &is_done);
	UA_NodeId_clear(&method);
	return status;
}

static bool take_part(const UA_ByteString *list, size_t count, struct cert_files *into)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].length && !cert_files_put(into, list[i].data, list[i].length))
			return false;
	return true;
}

static UA_StatusCode decode(const UA_ByteString *bytes, struct trust_lists *lists)
{
	UA_TrustListDataType data;
	UA_StatusCode status =
		UA_decodeBinary(bytes, &data, &UA_TYPES[UA_TYPES_TRUSTLISTDATATYPE], NULL);

	if (status != UA_STATUSCODE_GOOD)
		return status;
	if (!take_part(data.trustedCertificates, data.trustedCertificatesSize,
		       &lists->parts[TRUST_CERTS]) ||
	    !take_part(data.trustedCrls, data.trustedCrlsSize, &lists->parts[TRUST_CRLS]) ||
	    !take_part(data.issuerCertificates, data.issuerCertificatesSize,
		       &lists->parts[TRUST_ISSUERS]) ||
	    !take_part(data.issuerCrls, data.issuerCrlsSize, &lists->parts[TRUST_ISSUER_CRLS]))
		status = UA_STATUSCODE_BADOUTOFMEMORY;
	UA_TrustListDataType_clear(&data);
	return status;
}

enum exit_code trust_file_read(const struct program *program, const struct push_target *target,
			       struct trust_lists *ret_lists)
{
	struct trust_file file = {.program = program, .target = target};
	UA_ByteString bytes = UA_BYTESTRING_NULL;
	struct trust_lists lists = {0};
	UA_StatusCode status;
	enum exit_code code = open_file(&file, OPEN_READ);

	if (code == EXIT_OK) {
		status = read_all(&file, &bytes);
		if (status == UA_STATUSCODE_GOOD)
			status = decode(&bytes, &lists);
		if (status != UA_STATUSCODE_GOOD)
			code = fail(&file, status);
	}
	close_file(&file);
	UA_ByteString_clear(&bytes);
	if (code == EXIT_OK)
		*ret_lists = lists;
	else
		trust_lists_clear(&lists);
	return code;
}

/* Borrows the DER. free() it. */
static UA_ByteString *part_of(const struct cert_files *files)
{
	UA_ByteString *list = calloc(files->count + 1, sizeof(*list));

	for (size_t i = 0; list && i < files->count; i++)
		list[i] = (UA_ByteString){files->lens[i], files->ders[i]};
	return list;
}

static UA_StatusCode encode(const struct trust_lists *lists, unsigned mask,
			    UA_ByteString *ret_bytes)
{
	UA_TrustListDataType data = {.specifiedLists = mask};
	UA_ByteString **parts[TRUST_PARTS] = {&data.trustedCertificates, &data.trustedCrls,
					      &data.issuerCertificates, &data.issuerCrls};
	size_t *counts[TRUST_PARTS] = {&data.trustedCertificatesSize, &data.trustedCrlsSize,
				       &data.issuerCertificatesSize, &data.issuerCrlsSize};
	UA_StatusCode status = UA_STATUSCODE_GOOD;

	for (size_t i = 0; i < TRUST_PARTS; i++) {
		if (!(mask & 1u << i))
			continue;
		*parts[i] = part_of(&lists->parts[i]);
		*counts[i] = lists->parts[i].count;
		if (!*parts[i])
			status = UA_STATUSCODE_BADOUTOFMEMORY;
	}
	if (status == UA_STATUSCODE_GOOD)
		status = UA_encodeBinary(&data, &UA_TYPES[UA_TYPES_TRUSTLISTDATATYPE], ret_bytes);
	for (size_t i = 0; i < TRUST_PARTS; i++)
		free(*parts[i]);
	return status;
}

static UA_StatusCode write_all(struct trust_file *file, const UA_ByteString *bytes)
{
	UA_NodeId method = UA_NODEID_NULL;
	UA_StatusCode status = find_method(file, "Write", &method);

	for (size_t at = 0; status == UA_STATUSCODE_GOOD && at < bytes->length; at += CHUNK) {
		size_t left = bytes->length - at;
		UA_ByteString chunk = {left < CHUNK ? left : CHUNK, bytes->data + at};
		UA_Variant inputs[2], *outputs = NULL;
		size_t count = 0;

		UA_Variant_setScalar(&inputs[0], &file->handle, &UA_TYPES[UA_TYPES_UINT32]);
		UA_Variant_setScalar(&inputs[1], &chunk, &UA_TYPES[UA_TYPES_BYTESTRING]);
		status = UA_Client_call(server_link_client(file->target->link), file->list, method,
					2, inputs, &count, &outputs);
		UA_Array_delete(outputs, count, &UA_TYPES[UA_TYPES_VARIANT]);
	}
	UA_NodeId_clear(&method);
	return status;
}

static UA_StatusCode close_and_update(struct trust_file *file, bool *ret_has_to_apply)
{
	UA_Variant input, *outputs = NULL;
	UA_Boolean *has_to_apply;
	size_t count = 0;
	UA_StatusCode status;

	UA_Variant_setScalar(&input, &file->handle, &UA_TYPES[UA_TYPES_UINT32]);
	status = call(file, "CloseAndUpdate", 1, &input, &count, &outputs);
	has_to_apply = push_scalar(outputs, count, 0, &UA_TYPES[UA_TYPES_BOOLEAN]);
	if (status == UA_STATUSCODE_GOOD) {
		file->is_open = false;
		*ret_has_to_apply = !has_to_apply || *has_to_apply;
	}
	UA_Array_delete(outputs, count, &UA_TYPES[UA_TYPES_VARIANT]);
	return status;
}

enum exit_code trust_file_write(const struct program *program, const struct push_target *target,
				const struct trust_lists *lists, unsigned mask,
				bool *ret_has_to_apply)
{
	struct trust_file file = {.program = program, .target = target};
	UA_ByteString bytes = UA_BYTESTRING_NULL;
	UA_StatusCode status;
	enum exit_code code = open_file(&file, OPEN_WRITE);

	if (code == EXIT_OK) {
		status = encode(lists, mask, &bytes);
		if (status == UA_STATUSCODE_GOOD)
			status = write_all(&file, &bytes);
		if (status == UA_STATUSCODE_GOOD)
			status = close_and_update(&file, ret_has_to_apply);
		if (status != UA_STATUSCODE_GOOD)
			code = fail(&file, status);
	}
	close_file(&file);
	UA_ByteString_clear(&bytes);
	return code;
}
