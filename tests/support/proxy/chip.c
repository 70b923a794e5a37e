#include "chip.h"

#include <string.h>

#include "command.h"

/*
 * Milliseconds. rsa_private, p256_sign and the two key generations are published measurements
 * (medians of many chips); primary_rsa is the middle of the 2–9 s seen, and "other" stands for
 * everything that neither makes nor uses a private key: an estimate, as are the factors below.
 */
struct chip {
	const char *name;
	unsigned rsa_private;
	unsigned p256_sign;
	unsigned rsa_keygen;
	unsigned ecc_keygen;
	unsigned primary_rsa;
	unsigned load;
	unsigned evict; /* writes to non-volatile memory */
	unsigned other;
};

static const struct chip chips[] = {
	{"slb9670", 163, 69, 2196, 231, 4400, 45, 60, 12},
	{"slb9672", 77, 36, 1568, 136, 3100, 25, 40, 6},
	{"st33ktpm2x", 91, 25, 1944, 89, 3900, 20, 35, 5},
	{"npct650", 541, 190, 4479, 148, 8900, 90, 70, 20},
};

/* The cost of a longer key: the cube of its length for RSA, somewhat over the square for EC. */
enum { RSA_LARGER = 3, EC_LARGER = 3 };

const struct chip *chip_find(const char *name)
{
	for (size_t i = 0; i < sizeof(chips) / sizeof(chips[0]); i++) {
		if (!strcmp(chips[i].name, name))
			return &chips[i];
	}
	return NULL;
}

const char *chip_names(void)
{
	return "slb9670 slb9672 st33ktpm2x npct650";
}

static unsigned private_ms(const struct chip *chip, enum key_type type)
{
	switch (type) {
	case KEY_EC_P256:
		return chip->p256_sign;
	case KEY_EC_LARGER:
		return chip->p256_sign * EC_LARGER;
	case KEY_RSA_LARGER:
		return chip->rsa_private * RSA_LARGER;
	case KEY_RSA_2048:
	case KEY_UNKNOWN:
		break;
	}
	return chip->rsa_private;
}

static unsigned create_ms(const struct chip *chip, enum key_type type)
{
	switch (type) {
	case KEY_EC_P256:
	case KEY_EC_LARGER:
		return chip->ecc_keygen;
	case KEY_RSA_LARGER:
		return chip->rsa_keygen * RSA_LARGER;
	case KEY_RSA_2048:
	case KEY_UNKNOWN:
		break;
	}
	return chip->rsa_keygen;
}

uint64_t chip_latency_us(const struct chip *chip, uint32_t command, enum key_type type)
{
	unsigned ms;

	switch (command) {
	case 0x148: /* Certify */
	case 0x154: /* ECDH_ZGen */
	case 0x158: /* Quote */
	case TPM_CC_RSA_Decrypt:
	case TPM_CC_Sign:
		ms = private_ms(chip, type);
		break;
	case TPM_CC_Create:
	case TPM_CC_CreateLoaded:
		ms = create_ms(chip, type);
		break;
	case TPM_CC_CreatePrimary:
		ms = type == KEY_EC_P256 || type == KEY_EC_LARGER ? chip->ecc_keygen
								  : chip->primary_rsa;
		break;
	case 0x150: /* ObjectChangeAuth */
	case 0x161: /* ContextLoad */
	case 0x162: /* ContextSave */
	case TPM_CC_Import:
	case TPM_CC_Load:
		ms = chip->load;
		break;
	case 0x12a: /* NV_DefineSpace */
	case 0x137: /* NV_Write */
	case TPM_CC_EvictControl:
		ms = chip->evict;
		break;
	default:
		ms = chip->other;
		break;
	}
	return (uint64_t)ms * 1000;
}
