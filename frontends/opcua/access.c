#include "access.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <open62541/server.h>

#include "asymmetric.h"

#define TEXT_MAX (USERS_MESSAGE_MAX + 256)

struct access {
	struct access_options options;
};

static struct access *access_of(const UA_AccessControl *control)
{
	return control->context;
}

static void log_refusal(const struct access *access, const struct session *session, const char *who,
			const char *why)
{
	char line[TEXT_MAX];

	snprintf(line, sizeof(line), "%s from %s is not let in: %s", who,
		 *session->address ? session->address : "an unknown address", why);
	for (char *at = line; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
	access->options.log(line, access->options.user);
}

static UA_StatusCode log_in_by_name(const struct access *access, struct session *session,
				    const UA_UserNameIdentityToken *token, unsigned needed)
{
	char message[USERS_MESSAGE_MAX] = "", who[SESSION_USER_MAX + 16];
	UA_StatusCode code;

	if (!access->options.settings->allows_user_names)
		return UA_STATUSCODE_BADIDENTITYTOKENREJECTED;
	code = users_log_in(access->options.users, session, &token->userName, &token->password,
			    needed, message);
	snprintf(who, sizeof(who), "user %.*s",
		 token->userName.length < SESSION_USER_MAX ? (int)token->userName.length
							   : SESSION_USER_MAX,
		 (const char *)token->userName.data);
	if (code != UA_STATUSCODE_GOOD)
		log_refusal(access, session, who, message);
	return code;
}

static UA_StatusCode log_in_by_cert(const struct access *access, struct session *session,
				    const UA_X509IdentityToken *token, unsigned needed)
{
	char message[USERS_MESSAGE_MAX] = "";
	UA_StatusCode code;

	if (!access->options.settings->allows_user_certificates)
		return UA_STATUSCODE_BADIDENTITYTOKENREJECTED;
	code = users_certify(access->options.users, session, &token->certificateData, needed,
			     message);
	if (code != UA_STATUSCODE_GOOD)
		log_refusal(access, session, "the holder of a user certificate", message);
	return code;
}

/* OPC 10000-12 7.5: of whom nobody trusts, only who sets the server up, and encrypted. */
static UA_StatusCode check_newcomer(const struct access *access, const struct session *session,
				    UA_MessageSecurityMode mode, bool is_anonymous)
{
	if (mode != UA_MESSAGESECURITYMODE_SIGNANDENCRYPT)
		log_refusal(access, session, "a client that nobody trusts",
			    "the server is being set up, and that takes an encrypted channel");
	else if (is_anonymous)
		log_refusal(access, session, "a client that nobody trusts",
			    "the server is being set up, and that takes a user with manage-certs "
			    "and manage-trust");
	else
		return UA_STATUSCODE_GOOD;
	return UA_STATUSCODE_BADUSERACCESSDENIED;
}

static UA_StatusCode log_in(const struct access *access, struct session *session,
			    UA_MessageSecurityMode mode, const UA_ExtensionObject *token)
{
	bool is_newcomer = access->options.is_newcomer(access->options.user);
	unsigned needed = is_newcomer ? SESSION_SECURITY_ADMIN : 0;
	UA_StatusCode code = UA_STATUSCODE_GOOD;
	const struct opcua_settings *settings = access->options.settings;
	const UA_DataType *type =
		token->encoding >= UA_EXTENSIONOBJECT_DECODED ? token->content.decoded.type : NULL;

	if (is_newcomer)
		code = check_newcomer(access, session, mode,
				      type != &UA_TYPES[UA_TYPES_USERNAMEIDENTITYTOKEN] &&
					      type != &UA_TYPES[UA_TYPES_X509IDENTITYTOKEN]);
	if (code != UA_STATUSCODE_GOOD)
		return code;
	if (type == &UA_TYPES[UA_TYPES_USERNAMEIDENTITYTOKEN])
		return log_in_by_name(access, session, token->content.decoded.data, needed);
	if (type == &UA_TYPES[UA_TYPES_X509IDENTITYTOKEN])
		return log_in_by_cert(access, session, token->content.decoded.data, needed);
	/* OPC 10000-4 5.6.3.2: no token is an anonymous one. */
	if (token->encoding != UA_EXTENSIONOBJECT_ENCODED_NOBODY &&
	    type != &UA_TYPES[UA_TYPES_ANONYMOUSIDENTITYTOKEN])
		return UA_STATUSCODE_BADIDENTITYTOKENINVALID;
	if (!settings->allows_anonymous)
		return UA_STATUSCODE_BADIDENTITYTOKENREJECTED;
	users_let_in(access->options.users, session, settings->anonymous_rights);
	return UA_STATUSCODE_GOOD;
}

static void set_peer(struct session *session, const UA_EndpointDescription *endpoint,
		     const UA_ByteString *cert)
{
	session->mode = endpoint->securityMode;
	if (!cert->length || !asymmetric_uri(cert->data, cert->length, session->application,
					     sizeof(session->application)))
		*session->application = '\0';
}

/* False: no memory. */
static bool set_certificate(struct session *session, const UA_ByteString *cert)
{
	uint8_t *copy = malloc(cert->length + 1);

	if (!copy)
		return false;
	if (cert->length)
		memcpy(copy, cert->data, cert->length);
	free(session->certificate);
	session->certificate = copy;
	session->certificate_len = cert->length;
	return true;
}

static UA_StatusCode activate(UA_Server *server, UA_AccessControl *control,
			      const UA_EndpointDescription *endpoint, const UA_ByteString *cert,
			      const UA_NodeId *id, const UA_ExtensionObject *token, void **context)
{
	struct access *access = access_of(control);
	struct session *session = *context ? *context : users_open(access->options.users);
	uint8_t client[sizeof(session->client)] = {0};
	UA_StatusCode code = UA_STATUSCODE_BADSECURITYCHECKSFAILED;

	(void)server;
	if (!session)
		return UA_STATUSCODE_BADOUTOFMEMORY;
	snprintf(session->address, sizeof(session->address), "%s",
		 access->options.address(access->options.user));
	if (cert->length && !asymmetric_thumbprint(cert->data, cert->length, client))
		goto out;
	/* Another channel of the same client alone (OPC 10000-4 5.6.3.1). */
	if (*context && memcmp(client, session->client, sizeof(client)) != 0) {
		log_refusal(access, session, "a client",
			    "it shows another certificate than the one that the session began "
			    "with");
		goto out;
	}
	code = *context ? UA_STATUSCODE_GOOD : UA_NodeId_copy(id, &session->id);
	if (code == UA_STATUSCODE_GOOD)
		code = log_in(access, session, endpoint->securityMode, token);
	if (code == UA_STATUSCODE_GOOD && !set_certificate(session, cert))
		code = UA_STATUSCODE_BADOUTOFMEMORY;
	if (code != UA_STATUSCODE_GOOD)
		goto out;
	memcpy(session->client, client, sizeof(client));
	set_peer(session, endpoint, cert);
	session->connection = access->options.connection(access->options.user);
	*context = session;
out:
	if (!*context)
		users_close(access->options.users, session);
	return code;
}

static void close_session(UA_Server *server, UA_AccessControl *control, const UA_NodeId *id,
			  void *context)
{
	struct access *access = access_of(control);

	(void)server;
	(void)id;
	if (!context)
		return;
	access->options.ended(context, access->options.user);
	users_close(access->options.users, context);
}

/* Who else is there, by which certificate, and doing what (OPC 10000-5 6.3.4). */
static bool is_diagnostic(const UA_NodeId *node)
{
	static const UA_UInt32 arrays[] = {
		UA_NS0ID_SERVER_SERVERDIAGNOSTICS_SUBSCRIPTIONDIAGNOSTICSARRAY,
		UA_NS0ID_SERVER_SERVERDIAGNOSTICS_SESSIONSDIAGNOSTICSSUMMARY_SESSIONDIAGNOSTICSARRAY,
		UA_NS0ID_SERVER_SERVERDIAGNOSTICS_SESSIONSDIAGNOSTICSSUMMARY_SESSIONSECURITYDIAGNOSTICSARRAY,
	};

	/* Those of each session and subscription; nothing else has this namespace. */
	if (node->namespaceIndex == 1)
		return true;
	for (size_t i = 0; i < sizeof(arrays) / sizeof(*arrays); i++)
		if (node->namespaceIndex == 0 && node->identifierType == UA_NODEIDTYPE_NUMERIC &&
		    node->identifier.numeric == arrays[i])
			return true;
	return false;
}

static unsigned right_to_read(const struct access *access, const UA_NodeId *node)
{
	return is_diagnostic(node) ? KS_RIGHT_READ_DIAGNOSTICS
				   : access->options.right_to_read(node, access->options.user);
}

static bool may(const struct session *session, unsigned needed)
{
	return needed != ~0u && ((session ? session->rights : 0) & needed) == needed;
}

/* Attributes besides values are nobody's to write. */
static UA_UInt32 rights_mask(UA_Server *server, UA_AccessControl *control, const UA_NodeId *id,
			     void *context, const UA_NodeId *node, void *node_context)
{
	(void)server;
	(void)control;
	(void)id;
	(void)context;
	(void)node;
	(void)node_context;
	return 0;
}

static UA_Byte access_level(UA_Server *server, UA_AccessControl *control, const UA_NodeId *id,
			    void *context, const UA_NodeId *node, void *node_context)
{
	struct access *access = access_of(control);
	UA_Byte level = 0;

	(void)server;
	(void)id;
	(void)node_context;
	if (may(context, right_to_read(access, node)))
		level |= UA_ACCESSLEVELMASK_READ;
	if (may(context, access->options.right_to_write(node, access->options.user)))
		level |= UA_ACCESSLEVELMASK_WRITE;
	return level;
}

/* Methods that do something look at the session themselves, and say which code is due. */
static bool is_executable(void *context)
{
	return context != NULL;
}

static UA_Boolean executable(UA_Server *server, UA_AccessControl *control, const UA_NodeId *id,
			     void *context, const UA_NodeId *method, void *method_context)
{
	(void)server;
	(void)control;
	(void)id;
	(void)method;
	(void)method_context;
	return is_executable(context);
}

static UA_Boolean executable_on_object(UA_Server *server, UA_AccessControl *control,
				       const UA_NodeId *id, void *context, const UA_NodeId *method,
				       void *method_context, const UA_NodeId *object,
				       void *object_context)
{
	(void)server;
	(void)control;
	(void)id;
	(void)method;
	(void)method_context;
	(void)object;
	(void)object_context;
	return is_executable(context);
}

static UA_Boolean no_node(UA_Server *server, UA_AccessControl *control, const UA_NodeId *id,
			  void *context, const UA_AddNodesItem *item)
{
	(void)server;
	(void)control;
	(void)id;
	(void)context;
	(void)item;
	return false;
}

static bool is_subscription(UA_Server *server, const UA_NodeId *node)
{
	const UA_NodeId type = UA_NODEID_NUMERIC(0, UA_NS0ID_SUBSCRIPTIONDIAGNOSTICSTYPE);
	UA_BrowseDescription what = {
		.nodeId = *node,
		.referenceTypeId = UA_NODEID_NUMERIC(0, UA_NS0ID_HASTYPEDEFINITION),
	};
	UA_BrowseResult found = UA_Server_browse(server, 1, &what);
	bool is_it = found.referencesSize == 1 &&
		     UA_NodeId_equal(&found.references[0].nodeId.nodeId, &type);

	UA_BrowseResult_clear(&found);
	return is_it;
}

/*
 * open62541 asks this for itself too, as whoever subscribes: diagnostics of a subscription are among
 * all others'. That reference each of these has, so that nobody else gains by it.
 */
static UA_Boolean reference(UA_Server *server, UA_AccessControl *control, const UA_NodeId *id,
			    void *context, const UA_AddReferencesItem *item)
{
	const UA_NodeId all = UA_NODEID_NUMERIC(
		0, UA_NS0ID_SERVER_SERVERDIAGNOSTICS_SUBSCRIPTIONDIAGNOSTICSARRAY);
	const UA_NodeId component = UA_NODEID_NUMERIC(0, UA_NS0ID_HASCOMPONENT);

	(void)control;
	(void)id;
	(void)context;
	return UA_NodeId_equal(&item->sourceNodeId, &all) && item->isForward &&
	       UA_NodeId_equal(&item->referenceTypeId, &component) &&
	       is_subscription(server, &item->targetNodeId.nodeId);
}

static UA_Boolean no_delete(UA_Server *server, UA_AccessControl *control, const UA_NodeId *id,
			    void *context, const UA_DeleteNodesItem *item)
{
	(void)server;
	(void)control;
	(void)id;
	(void)context;
	(void)item;
	return false;
}

static UA_Boolean no_unlink(UA_Server *server, UA_AccessControl *control, const UA_NodeId *id,
			    void *context, const UA_DeleteReferencesItem *item)
{
	(void)server;
	(void)control;
	(void)id;
	(void)context;
	(void)item;
	return false;
}

/* What may not be read is not seen either: names of certificates say something by themselves. */
static UA_Boolean browse(UA_Server *server, UA_AccessControl *control, const UA_NodeId *id,
			 void *context, const UA_NodeId *node, void *node_context)
{
	struct access *access = access_of(control);

	(void)server;
	(void)id;
	(void)node_context;
	return may(context, right_to_read(access, node));
}

/*
 * To a session of the same user; of nobody, to one of the same application, whose messages are
 * signed (OPC 10000-4 5.13.7).
 */
static UA_Boolean transfer(UA_Server *server, UA_AccessControl *control, const UA_NodeId *old_id,
			   void *old_context, const UA_NodeId *new_id, void *new_context)
{
	const struct session *from = old_context, *to = new_context;

	(void)server;
	(void)control;
	(void)old_id;
	(void)new_id;
	if (!from || !to || strcmp(from->user, to->user) != 0)
		return false;
	return *to->user || (to->mode != UA_MESSAGESECURITYMODE_NONE && *to->application &&
			     strcmp(from->application, to->application) == 0);
}

static UA_Boolean no_update(UA_Server *server, UA_AccessControl *control, const UA_NodeId *id,
			    void *context, const UA_NodeId *node, UA_PerformUpdateType type,
			    const UA_DataValue *value)
{
	(void)server;
	(void)control;
	(void)id;
	(void)context;
	(void)node;
	(void)type;
	(void)value;
	return false;
}

static UA_Boolean no_history(UA_Server *server, UA_AccessControl *control, const UA_NodeId *id,
			     void *context, const UA_NodeId *node, UA_DateTime from, UA_DateTime to,
			     bool is_modified)
{
	(void)server;
	(void)control;
	(void)id;
	(void)context;
	(void)node;
	(void)from;
	(void)to;
	(void)is_modified;
	return false;
}

UA_AccessControl access_control(struct access *access)
{
	return (UA_AccessControl){
		.context = access,
		.activateSession = activate,
		.closeSession = close_session,
		.getUserRightsMask = rights_mask,
		.getUserAccessLevel = access_level,
		.getUserExecutable = executable,
		.getUserExecutableOnObject = executable_on_object,
		.allowAddNode = no_node,
		.allowAddReference = reference,
		.allowDeleteNode = no_delete,
		.allowDeleteReference = no_unlink,
		.allowBrowseNode = browse,
		.allowTransferSubscription = transfer,
		.allowHistoryUpdateUpdateData = no_update,
		.allowHistoryUpdateDeleteRawModified = no_history,
	};
}

struct session *access_caller(const struct access *access)
{
	return users_alone(access->options.users, access->options.connection(access->options.user));
}

struct access *access_new(const struct access_options *options)
{
	struct access *access = calloc(1, sizeof(*access));

	if (access)
		access->options = *options;
	return access;
}

void access_free(struct access *access)
{
	free(access);
}
