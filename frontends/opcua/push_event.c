#include "push_event.h"

#include <open62541/nodeids.h>
#include <open62541/types_generated_handling.h>

#define SEVERITY 500

static void set(UA_Server *server, const UA_NodeId *event, const char *name, const void *value,
		unsigned type)
{
	(void)UA_Server_writeObjectProperty_scalar(server, *event,
						   UA_QUALIFIEDNAME(0, (char *)(uintptr_t)name),
						   value, &UA_TYPES[type]);
}

static void set_text(UA_Server *server, const UA_NodeId *event, const char *name, const char *text)
{
	UA_String value = UA_STRING((char *)(uintptr_t)text);

	set(server, event, name, &value, UA_TYPES_STRING);
}

/* Of @job, about the object @source. @type: an AuditUpdateMethodEventType. */
static void emit(UA_Server *server, const struct push_job *job, UA_UInt32 type, UA_UInt32 source,
		 const char *message)
{
	const UA_LocalizedText text =
		UA_LOCALIZEDTEXT((char *)(uintptr_t) "", (char *)(uintptr_t)message);
	const UA_NodeId object = UA_NODEID_NUMERIC(0, source);
	const UA_Boolean is_done = job->status == UA_STATUSCODE_GOOD;
	const UA_DateTime now = UA_DateTime_now();
	const UA_UInt16 severity = SEVERITY;
	UA_NodeId event;

	if (UA_Server_createEvent(server, UA_NODEID_NUMERIC(0, type), &event) != UA_STATUSCODE_GOOD)
		return;
	const struct push_method_kind *kind = push_method_kind(job->method);
	UA_NodeId method = UA_NODEID_NUMERIC(
		0, kind->ids[kind->owner == PUSH_OF_SERVER ? PUSH_APPLICATION : job->group]);

	set(server, &event, "Time", &now, UA_TYPES_DATETIME);
	set(server, &event, "Severity", &severity, UA_TYPES_UINT16);
	set(server, &event, "Message", &text, UA_TYPES_LOCALIZEDTEXT);
	set(server, &event, "ActionTimeStamp", &now, UA_TYPES_DATETIME);
	set(server, &event, "Status", &is_done, UA_TYPES_BOOLEAN);
	set_text(server, &event, "ClientUserId", job->caller.user);
	set_text(server, &event, "SourceName", message);
	set(server, &event, "MethodId", &method, UA_TYPES_NODEID);
	set(server, &event, "SourceNode", &object, UA_TYPES_NODEID);
	(void)UA_Server_triggerEvent(server, event, UA_NODEID_NUMERIC(0, UA_NS0ID_SERVER), NULL,
				     true);
}

void push_event_emit(UA_Server *server, const struct push_job *job)
{
	if (job->method == PUSH_CREATE_SIGNING_REQUEST)
		emit(server, job, UA_NS0ID_CERTIFICATEUPDATEREQUESTEDAUDITEVENTTYPE,
		     push_group_kind(job->group)->id, "CreateSigningRequest");
	for (int group = 0; group < PUSH_GROUPS && job->is_applied; group++) {
		const struct push_group_kind *kind = push_group_kind((enum push_group)group);

		if (job->changed_certs & 1u << group)
			emit(server, job, UA_NS0ID_CERTIFICATEUPDATEDAUDITEVENTTYPE, kind->id,
			     "a certificate was updated");
		if (job->changed_lists & 1u << group)
			emit(server, job, UA_NS0ID_TRUSTLISTUPDATEDAUDITEVENTTYPE, kind->list,
			     "a trust list was updated");
	}
}
