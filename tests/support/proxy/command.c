#include "command.h"

#include <stdlib.h>
#include <strings.h>

static const struct {
	uint32_t code;
	const char *name;
} commands[] = {
	{0x120, "EvictControl"},
	{0x121, "HierarchyControl"},
	{0x126, "Clear"},
	{0x129, "HierarchyChangeAuth"},
	{0x12a, "NV_DefineSpace"},
	{0x131, "CreatePrimary"},
	{0x137, "NV_Write"},
	{0x139, "DictionaryAttackLockReset"},
	{0x143, "SelfTest"},
	{0x144, "Startup"},
	{0x145, "Shutdown"},
	{0x146, "StirRandom"},
	{0x148, "Certify"},
	{0x14e, "NV_Read"},
	{0x150, "ObjectChangeAuth"},
	{0x153, "Create"},
	{0x154, "ECDH_ZGen"},
	{0x156, "Import"},
	{0x157, "Load"},
	{0x158, "Quote"},
	{0x159, "RSA_Decrypt"},
	{0x15d, "Sign"},
	{0x15e, "Unseal"},
	{0x161, "ContextLoad"},
	{0x162, "ContextSave"},
	{0x165, "FlushContext"},
	{0x167, "LoadExternal"},
	{0x169, "NV_ReadPublic"},
	{0x173, "ReadPublic"},
	{0x174, "RSA_Encrypt"},
	{0x176, "StartAuthSession"},
	{0x177, "VerifySignature"},
	{0x17a, "GetCapability"},
	{0x17b, "GetRandom"},
	{0x17c, "GetTestResult"},
	{0x17d, "Hash"},
	{0x17e, "PCR_Read"},
	{0x181, "ReadClock"},
	{0x182, "PCR_Extend"},
	{0x18a, "TestParms"},
	{0x191, "CreateLoaded"},
};

uint16_t get_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

uint32_t get_u32(const uint8_t *at)
{
	return (uint32_t)get_u16(at) << 16 | get_u16(at + 2);
}

uint8_t *put_u16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
	return at + 2;
}

uint8_t *put_u32(uint8_t *at, uint32_t value)
{
	return put_u16(put_u16(at, (uint16_t)(value >> 16)), (uint16_t)value);
}

size_t message_length(const uint8_t *bytes, size_t have)
{
	size_t len;

	if (have < TPM_HEADER)
		return 0;
	len = get_u32(bytes + 2);
	return len >= TPM_HEADER && len <= TPM_MESSAGE_MAX ? len : 0;
}

uint32_t message_code(const uint8_t *bytes, size_t len)
{
	return len >= TPM_HEADER ? get_u32(bytes + 6) : 0;
}

uint32_t message_handle(const uint8_t *bytes, size_t len)
{
	return len >= TPM_HEADER + 4 ? get_u32(bytes + TPM_HEADER) : 0;
}

const char *command_name(uint32_t code)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (commands[i].code == code)
			return commands[i].name;
	}
	return NULL;
}

uint32_t command_from_name(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!strcasecmp(commands[i].name, name))
			return commands[i].code;
	}
	return (uint32_t)strtoul(name, NULL, 0);
}

size_t response_error(uint32_t rc, uint8_t *ret_response)
{
	put_u32(put_u32(put_u16(ret_response, TPM_ST_NO_SESSIONS), TPM_HEADER), rc);
	return TPM_HEADER;
}
