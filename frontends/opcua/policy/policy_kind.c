#include "policy_kind.h"

#include <string.h>

#define URI(Name)	 "http://opcfoundation.org/UA/SecurityPolicy#" Name
#define SHA1_URI	 "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
#define SHA256_URI	 "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
#define PSS_URI		 "http://opcfoundation.org/UA/security/rsa-pss-sha2-256"
#define PKCS1_URI	 "http://www.w3.org/2001/04/xmlenc#rsa-1_5"
#define OAEP_URI	 "http://www.w3.org/2001/04/xmlenc#rsa-oaep"
#define OAEP256_URI	 "http://opcfoundation.org/UA/security/rsa-oaep-sha2-256"
#define HMAC1_URI	 "http://www.w3.org/2000/09/xmldsig#hmac-sha1"
#define HMAC256_URI	 "http://www.w3.org/2000/09/xmldsig#hmac-sha256"
#define AES128_URI	 "http://www.w3.org/2001/04/xmlenc#aes128-cbc"
#define AES256_URI	 "http://www.w3.org/2001/04/xmlenc#aes256-cbc"
#define OVERHEAD_PKCS1	 11 /* RFC 8017 7.2.1 */
#define OVERHEAD_OAEP	 42 /* RFC 8017 7.1.1: 2 + 2 * 20 */
#define OVERHEAD_OAEP256 66

/* Sizes are bytes. */
static const struct policy_kind kinds[POLICY_COUNT] = {
	[POLICY_NONE] = {.id = POLICY_NONE, .name = "None", .uri = URI("None")},
	[POLICY_BASIC128RSA15] = {POLICY_BASIC128RSA15,
				  "Basic128Rsa15",
				  URI("Basic128Rsa15"),
				  true,
				  SHA1_URI,
				  KS_HASH_SHA1,
				  KS_PADDING_PKCS1,
				  PKCS1_URI,
				  POLICY_CIPHER_PKCS1,
				  KS_HASH_DEFAULT,
				  OVERHEAD_PKCS1,
				  1024,
				  2048,
				  KS_HASH_SHA1,
				  HMAC1_URI,
				  AES128_URI,
				  20,
				  16,
				  16,
				  16},
	[POLICY_BASIC256] = {POLICY_BASIC256,
			     "Basic256",
			     URI("Basic256"),
			     true,
			     SHA1_URI,
			     KS_HASH_SHA1,
			     KS_PADDING_PKCS1,
			     OAEP_URI,
			     POLICY_CIPHER_OAEP,
			     KS_HASH_SHA1,
			     OVERHEAD_OAEP,
			     1024,
			     2048,
			     KS_HASH_SHA1,
			     HMAC1_URI,
			     AES256_URI,
			     20,
			     24,
			     32,
			     32},
	[POLICY_BASIC256SHA256] = {POLICY_BASIC256SHA256,
				   "Basic256Sha256",
				   URI("Basic256Sha256"),
				   false,
				   SHA256_URI,
				   KS_HASH_SHA256,
				   KS_PADDING_PKCS1,
				   OAEP_URI,
				   POLICY_CIPHER_OAEP,
				   KS_HASH_SHA1,
				   OVERHEAD_OAEP,
				   2048,
				   4096,
				   KS_HASH_SHA256,
				   HMAC256_URI,
				   AES256_URI,
				   32,
				   32,
				   32,
				   32},
	[POLICY_AES128_SHA256_RSAOAEP] = {POLICY_AES128_SHA256_RSAOAEP,
					  "Aes128_Sha256_RsaOaep",
					  URI("Aes128_Sha256_RsaOaep"),
					  false,
					  SHA256_URI,
					  KS_HASH_SHA256,
					  KS_PADDING_PKCS1,
					  OAEP_URI,
					  POLICY_CIPHER_OAEP,
					  KS_HASH_SHA1,
					  OVERHEAD_OAEP,
					  2048,
					  4096,
					  KS_HASH_SHA256,
					  HMAC256_URI,
					  AES128_URI,
					  32,
					  32,
					  16,
					  32},
	[POLICY_AES256_SHA256_RSAPSS] = {POLICY_AES256_SHA256_RSAPSS,
					 "Aes256_Sha256_RsaPss",
					 URI("Aes256_Sha256_RsaPss"),
					 false,
					 PSS_URI,
					 KS_HASH_SHA256,
					 KS_PADDING_PSS,
					 OAEP256_URI,
					 POLICY_CIPHER_OAEP,
					 KS_HASH_SHA256,
					 OVERHEAD_OAEP256,
					 2048,
					 4096,
					 KS_HASH_SHA256,
					 HMAC256_URI,
					 AES256_URI,
					 32,
					 32,
					 32,
					 32},
};

const struct policy_kind *policy_kind(enum policy_id id)
{
	return &kinds[id];
}

const struct policy_kind *policy_kind_by_name(const char *name)
{
	for (size_t i = 0; i < POLICY_COUNT; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

static bool is_text(const char *text, const uint8_t *bytes, size_t len)
{
	return text && strlen(text) == len && memcmp(text, bytes, len) == 0;
}

const struct policy_kind *policy_kind_by_uri(const uint8_t *uri, size_t len)
{
	for (size_t i = 0; i < POLICY_COUNT; i++)
		if (len && is_text(kinds[i].uri, uri, len))
			return &kinds[i];
	return NULL;
}

const struct policy_kind *policy_kind_by_cipher(const uint8_t *uri, size_t len)
{
	for (size_t i = POLICY_COUNT; i-- > 0;)
		if (len && is_text(kinds[i].cipher_uri, uri, len))
			return &kinds[i];
	return NULL;
}
