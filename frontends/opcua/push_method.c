#include "push_method.h"

#include <string.h>

#include <open62541/nodeids.h>
#include <open62541/types_generated_handling.h>

#define NODE(name) UA_NS0ID_SERVERCONFIGURATION_##name
#define OF_GROUPS(name)                                                                            \
	{                                                                                          \
		NODE(CERTIFICATEGROUPS_DEFAULTAPPLICATIONGROUP_##name),                            \
			NODE(CERTIFICATEGROUPS_DEFAULTHTTPSGROUP_##name),                          \
			NODE(CERTIFICATEGROUPS_DEFAULTUSERTOKENGROUP_##name),                      \
	}
#define OF_LISTS(name) OF_GROUPS(TRUSTLIST_##name)
#define OF_TYPE(name)  UA_NS0ID_SERVERCONFIGURATIONTYPE_##name

/* Of OPC 10000-12 v1.05, which open62541's nodeids.h does not have. */
#define CREATE_SELF_SIGNED	  19342
#define CREATE_SELF_SIGNED_INPUT  19343
#define CREATE_SELF_SIGNED_OUTPUT 19344
#define DELETE_CERTIFICATE	  19345
#define DELETE_CERTIFICATE_INPUT  19346

#define FILE_HANDLE                                                                                \
	{                                                                                          \
		"FileHandle", UA_TYPES_UINT32, false                                               \
	}
#define GROUP_ID                                                                                   \
	{                                                                                          \
		"CertificateGroupId", UA_TYPES_NODEID, false                                       \
	}
#define TYPE_ID                                                                                    \
	{                                                                                          \
		"CertificateTypeId", UA_TYPES_NODEID, false                                        \
	}
#define CERTIFICATE                                                                                \
	{                                                                                          \
		"Certificate", UA_TYPES_BYTESTRING, false                                          \
	}
#define CERTIFICATES                                                                               \
	{                                                                                          \
		"Certificates", UA_TYPES_BYTESTRING, true                                          \
	}

static const struct push_group_kind groups[PUSH_GROUPS] = {
	[PUSH_APPLICATION] = {"DefaultApplicationGroup",
			      NODE(CERTIFICATEGROUPS_DEFAULTAPPLICATIONGROUP),
			      NODE(CERTIFICATEGROUPS_DEFAULTAPPLICATIONGROUP_TRUSTLIST),
			      UA_NS0ID_RSASHA256APPLICATIONCERTIFICATETYPE,
			      NODE(CERTIFICATEGROUPS_DEFAULTAPPLICATIONGROUP_CERTIFICATETYPES)},
	[PUSH_HTTPS] = {"DefaultHttpsGroup", NODE(CERTIFICATEGROUPS_DEFAULTHTTPSGROUP),
			NODE(CERTIFICATEGROUPS_DEFAULTHTTPSGROUP_TRUSTLIST),
			UA_NS0ID_HTTPSCERTIFICATETYPE,
			NODE(CERTIFICATEGROUPS_DEFAULTHTTPSGROUP_CERTIFICATETYPES)},
	[PUSH_USER_TOKEN] = {"DefaultUserTokenGroup", NODE(CERTIFICATEGROUPS_DEFAULTUSERTOKENGROUP),
			     NODE(CERTIFICATEGROUPS_DEFAULTUSERTOKENGROUP_TRUSTLIST), 0,
			     NODE(CERTIFICATEGROUPS_DEFAULTUSERTOKENGROUP_CERTIFICATETYPES)},
};

static const struct push_method_kind methods[PUSH_METHODS] = {
	[PUSH_UPDATE_CERTIFICATE] = {"UpdateCertificate",
				     PUSH_OF_SERVER,
				     {NODE(UPDATECERTIFICATE)},
				     {NODE(UPDATECERTIFICATE_INPUTARGUMENTS)},
				     {NODE(UPDATECERTIFICATE_OUTPUTARGUMENTS)},
				     {OF_TYPE(UPDATECERTIFICATE)},
				     true,
				     {GROUP_ID,
				      TYPE_ID,
				      CERTIFICATE,
				      {"IssuerCertificates", UA_TYPES_BYTESTRING, true},
				      {"PrivateKeyFormat", UA_TYPES_STRING, false},
				      {"PrivateKey", UA_TYPES_BYTESTRING, false}},
				     {{"ApplyChangesRequired", UA_TYPES_BOOLEAN, false}}},
	[PUSH_APPLY_CHANGES] = {"ApplyChanges",
				PUSH_OF_SERVER,
				{NODE(APPLYCHANGES)},
				.type_ids = {OF_TYPE(APPLYCHANGES)}},
	[PUSH_CANCEL_CHANGES] = {"CancelChanges",
				 PUSH_OF_SERVER,
				 {NODE(CANCELCHANGES)},
				 .type_ids = {OF_TYPE(CANCELCHANGES)}},
	[PUSH_CREATE_SIGNING_REQUEST] = {"CreateSigningRequest",
					 PUSH_OF_SERVER,
					 {NODE(CREATESIGNINGREQUEST)},
					 {NODE(CREATESIGNINGREQUEST_INPUTARGUMENTS)},
					 {NODE(CREATESIGNINGREQUEST_OUTPUTARGUMENTS)},
					 {OF_TYPE(CREATESIGNINGREQUEST)},
					 true,
					 {GROUP_ID,
					  TYPE_ID,
					  {"SubjectName", UA_TYPES_STRING, false},
					  {"RegeneratePrivateKey", UA_TYPES_BOOLEAN, false},
					  {"Nonce", UA_TYPES_BYTESTRING, false}},
					 {{"CertificateRequest", UA_TYPES_BYTESTRING, false}}},
	[PUSH_GET_REJECTED_LIST] = {"GetRejectedList",
				    PUSH_OF_SERVER,
				    {NODE(GETREJECTEDLIST)},
				    .outputs_ids = {NODE(GETREJECTEDLIST_OUTPUTARGUMENTS)},
				    .type_ids = {OF_TYPE(GETREJECTEDLIST)},
				    .outputs = {CERTIFICATES}},
	[PUSH_GET_CERTIFICATES] = {"GetCertificates",
				   PUSH_OF_SERVER,
				   {NODE(GETCERTIFICATES)},
				   {NODE(GETCERTIFICATES_INPUTARGUMENTS)},
				   {NODE(GETCERTIFICATES_OUTPUTARGUMENTS)},
				   {OF_TYPE(GETCERTIFICATES)},
				   false,
				   {GROUP_ID},
				   {{"CertificateTypeIds", UA_TYPES_NODEID, true}, CERTIFICATES}},
	[PUSH_CREATE_SELF_SIGNED] = {"CreateSelfSignedCertificate",
				     PUSH_OF_SERVER,
				     {CREATE_SELF_SIGNED},
				     {CREATE_SELF_SIGNED_INPUT},
				     {CREATE_SELF_SIGNED_OUTPUT},
				     {0},
				     true,
				     {GROUP_ID,
				      TYPE_ID,
				      {"SubjectName", UA_TYPES_STRING, false},
				      {"DnsNames", UA_TYPES_STRING, true},
				      {"IpAddresses", UA_TYPES_STRING, true},
				      {"LifetimeInDays", UA_TYPES_UINT16, false},
				      {"KeySizeInBits", UA_TYPES_UINT16, false}},
				     {CERTIFICATE}},
	[PUSH_DELETE_CERTIFICATE] = {"DeleteCertificate",
				     PUSH_OF_SERVER,
				     {DELETE_CERTIFICATE},
				     {DELETE_CERTIFICATE_INPUT},
				     {0},
				     {0},
				     true,
				     {GROUP_ID, TYPE_ID},
				     {{0}}},
	[PUSH_RESET] = {"ResetToServerDefaults",
			PUSH_OF_SERVER,
			{NODE(RESETTOSERVERDEFAULTS)},
			.type_ids = {OF_TYPE(RESETTOSERVERDEFAULTS)},
			.needs_encryption = true},
	[PUSH_GROUP_GET_REJECTED_LIST] =
		{"GetRejectedList", PUSH_OF_GROUP, OF_GROUPS(GETREJECTEDLIST),
		 .outputs_ids = OF_GROUPS(GETREJECTEDLIST_OUTPUTARGUMENTS),
		 .type_ids = {UA_NS0ID_CERTIFICATEGROUPTYPE_GETREJECTEDLIST},
		 .outputs = {CERTIFICATES}},
	[PUSH_LIST_OPEN] = {"Open",
			    PUSH_OF_LIST,
			    OF_LISTS(OPEN),
			    OF_LISTS(OPEN_INPUTARGUMENTS),
			    OF_LISTS(OPEN_OUTPUTARGUMENTS),
			    {UA_NS0ID_FILETYPE_OPEN, UA_NS0ID_TRUSTLISTTYPE_OPEN},
			    false,
			    {{"Mode", UA_TYPES_BYTE, false}},
			    {FILE_HANDLE}},
	[PUSH_LIST_CLOSE] = {"Close",
			     PUSH_OF_LIST,
			     OF_LISTS(CLOSE),
			     OF_LISTS(CLOSE_INPUTARGUMENTS),
			     {0},
			     {UA_NS0ID_FILETYPE_CLOSE, UA_NS0ID_TRUSTLISTTYPE_CLOSE},
			     false,
			     {FILE_HANDLE},
			     {{0}}},
	[PUSH_LIST_READ] = {"Read",
			    PUSH_OF_LIST,
			    OF_LISTS(READ),
			    OF_LISTS(READ_INPUTARGUMENTS),
			    OF_LISTS(READ_OUTPUTARGUMENTS),
			    {UA_NS0ID_FILETYPE_READ, UA_NS0ID_TRUSTLISTTYPE_READ},
			    false,
			    {FILE_HANDLE, {"Length", UA_TYPES_INT32, false}},
			    {{"Data", UA_TYPES_BYTESTRING, false}}},
	[PUSH_LIST_WRITE] = {"Write",
			     PUSH_OF_LIST,
			     OF_LISTS(WRITE),
			     OF_LISTS(WRITE_INPUTARGUMENTS),
			     {0},
			     {UA_NS0ID_FILETYPE_WRITE, UA_NS0ID_TRUSTLISTTYPE_WRITE},
			     false,
			     {FILE_HANDLE, {"Data", UA_TYPES_BYTESTRING, false}},
			     {{0}}},
	[PUSH_LIST_GET_POSITION] = {"GetPosition",
				    PUSH_OF_LIST,
				    OF_LISTS(GETPOSITION),
				    OF_LISTS(GETPOSITION_INPUTARGUMENTS),
				    OF_LISTS(GETPOSITION_OUTPUTARGUMENTS),
				    {UA_NS0ID_FILETYPE_GETPOSITION,
				     UA_NS0ID_TRUSTLISTTYPE_GETPOSITION},
				    false,
				    {FILE_HANDLE},
				    {{"Position", UA_TYPES_UINT64, false}}},
	[PUSH_LIST_SET_POSITION] = {"SetPosition",
				    PUSH_OF_LIST,
				    OF_LISTS(SETPOSITION),
				    OF_LISTS(SETPOSITION_INPUTARGUMENTS),
				    {0},
				    {UA_NS0ID_FILETYPE_SETPOSITION,
				     UA_NS0ID_TRUSTLISTTYPE_SETPOSITION},
				    false,
				    {FILE_HANDLE, {"Position", UA_TYPES_UINT64, false}},
				    {{0}}},
	[PUSH_LIST_OPEN_WITH_MASKS] = {"OpenWithMasks",
				       PUSH_OF_LIST,
				       OF_LISTS(OPENWITHMASKS),
				       OF_LISTS(OPENWITHMASKS_INPUTARGUMENTS),
				       OF_LISTS(OPENWITHMASKS_OUTPUTARGUMENTS),
				       {UA_NS0ID_TRUSTLISTTYPE_OPENWITHMASKS},
				       false,
				       {{"Masks", UA_TYPES_UINT32, false}},
				       {FILE_HANDLE}},
	[PUSH_LIST_CLOSE_AND_UPDATE] = {"CloseAndUpdate",
					PUSH_OF_LIST,
					OF_LISTS(CLOSEANDUPDATE),
					OF_LISTS(CLOSEANDUPDATE_INPUTARGUMENTS),
					OF_LISTS(CLOSEANDUPDATE_OUTPUTARGUMENTS),
					{UA_NS0ID_TRUSTLISTTYPE_CLOSEANDUPDATE},
					false,
					{FILE_HANDLE},
					{{"ApplyChangesRequired", UA_TYPES_BOOLEAN, false}}},
	[PUSH_LIST_ADD_CERTIFICATE] = {"AddCertificate",
				       PUSH_OF_LIST,
				       OF_LISTS(ADDCERTIFICATE),
				       OF_LISTS(ADDCERTIFICATE_INPUTARGUMENTS),
				       {0},
				       {UA_NS0ID_TRUSTLISTTYPE_ADDCERTIFICATE},
				       false,
				       {CERTIFICATE,
					{"IsTrustedCertificate", UA_TYPES_BOOLEAN, false}},
				       {{0}}},
	[PUSH_LIST_REMOVE_CERTIFICATE] = {"RemoveCertificate",
					  PUSH_OF_LIST,
					  OF_LISTS(REMOVECERTIFICATE),
					  OF_LISTS(REMOVECERTIFICATE_INPUTARGUMENTS),
					  {0},
					  {UA_NS0ID_TRUSTLISTTYPE_REMOVECERTIFICATE},
					  false,
					  {{"Thumbprint", UA_TYPES_STRING, false},
					   {"IsTrustedCertificate", UA_TYPES_BOOLEAN, false}},
					  {{0}}},
};

const struct push_group_kind *push_group_kind(enum push_group group)
{
	return &groups[group];
}

const struct push_method_kind *push_method_kind(enum push_method method)
{
	return &methods[method];
}

static bool is_node(const UA_NodeId *id, UA_UInt32 number)
{
	return number && id->namespaceIndex == 0 && id->identifierType == UA_NODEIDTYPE_NUMERIC &&
	       id->identifier.numeric == number;
}

bool push_group_find(const UA_NodeId *id, enum push_group *ret_group)
{
	if (UA_NodeId_isNull(id)) {
		*ret_group = PUSH_APPLICATION;
		return true;
	}
	for (int group = 0; group < PUSH_GROUPS; group++) {
		if (is_node(id, groups[group].id)) {
			*ret_group = (enum push_group)group;
			return true;
		}
	}
	return false;
}

static bool find_owner(const UA_NodeId *object, enum push_owner *ret_owner,
		       enum push_group *ret_group)
{
	*ret_owner = PUSH_OF_SERVER;
	*ret_group = PUSH_APPLICATION;
	if (is_node(object, UA_NS0ID_SERVERCONFIGURATION))
		return true;
	for (int group = 0; group < PUSH_GROUPS; group++) {
		*ret_group = (enum push_group)group;
		*ret_owner = PUSH_OF_GROUP;
		if (is_node(object, groups[group].id))
			return true;
		*ret_owner = PUSH_OF_LIST;
		if (is_node(object, groups[group].list))
			return true;
	}
	return false;
}

bool push_method_find(const UA_NodeId *object, const UA_NodeId *method,
		      enum push_method *ret_method, enum push_group *ret_group)
{
	enum push_owner owner;
	enum push_group group;

	if (!find_owner(object, &owner, &group))
		return false;
	for (int i = 0; i < PUSH_METHODS; i++) {
		const struct push_method_kind *kind = &methods[i];

		if (kind->owner == owner &&
		    (is_node(method, kind->ids[group]) || is_node(method, kind->type_ids[0]) ||
		     is_node(method, kind->type_ids[1]))) {
			*ret_method = (enum push_method)i;
			*ret_group = group;
			return true;
		}
	}
	return false;
}

size_t push_arguments_count(const struct push_argument *arguments)
{
	size_t count = 0;

	while (arguments[count].name)
		count++;
	return count;
}

/* A null array may come without its type's elements, but with its type. */
static bool fits(const struct push_argument *argument, const UA_Variant *input)
{
	if (input->type != &UA_TYPES[argument->type])
		return false;
	return argument->is_array ? !UA_Variant_isScalar(input) && input->arrayDimensionsSize <= 1
				  : UA_Variant_isScalar(input);
}

UA_StatusCode push_method_check(enum push_method method, const UA_Variant *inputs, size_t count,
				UA_StatusCode *ret_results)
{
	const struct push_argument *arguments = methods[method].inputs;
	size_t expected = push_arguments_count(arguments);
	UA_StatusCode status = UA_STATUSCODE_GOOD;

	if (count != expected)
		return count < expected ? UA_STATUSCODE_BADARGUMENTSMISSING
					: UA_STATUSCODE_BADTOOMANYARGUMENTS;
	for (size_t i = 0; i < count; i++) {
		ret_results[i] = fits(&arguments[i], &inputs[i]) ? UA_STATUSCODE_GOOD
								 : UA_STATUSCODE_BADTYPEMISMATCH;
		if (ret_results[i] != UA_STATUSCODE_GOOD)
			status = UA_STATUSCODE_BADINVALIDARGUMENT;
	}
	return status;
}
