#include "attribute.h"

#include <stddef.h>
#include <strings.h>

static const char *const names[] = {
	[1] = "NodeId",
	[2] = "NodeClass",
	[3] = "BrowseName",
	[4] = "DisplayName",
	[5] = "Description",
	[6] = "WriteMask",
	[7] = "UserWriteMask",
	[8] = "IsAbstract",
	[9] = "Symmetric",
	[10] = "InverseName",
	[11] = "ContainsNoLoops",
	[12] = "EventNotifier",
	[13] = "Value",
	[14] = "DataType",
	[15] = "ValueRank",
	[16] = "ArrayDimensions",
	[17] = "AccessLevel",
	[18] = "UserAccessLevel",
	[19] = "MinimumSamplingInterval",
	[20] = "Historizing",
	[21] = "Executable",
	[22] = "UserExecutable",
	[23] = "DataTypeDefinition",
	[24] = "RolePermissions",
	[25] = "UserRolePermissions",
	[26] = "AccessRestrictions",
	[27] = "AccessLevelEx",
};

uint32_t attribute_from_name(const char *name)
{
	for (uint32_t i = 1; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(names[i], name) == 0)
			return i;
	return 0;
}

const char *attribute_name(uint32_t id)
{
	return id && id < sizeof(names) / sizeof(names[0]) ? names[id] : "?";
}
