#include "json_pem.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>

json_t *json_pem(const char *label, const uint8_t *der, size_t len)
{
	BIO *bio = BIO_new(BIO_s_mem());
	json_t *text = NULL;
	char *pem = NULL;
	long pem_len = 0;

	if (bio && PEM_write_bio(bio, label, "", der, (long)len))
		pem_len = BIO_get_mem_data(bio, &pem);
	if (pem_len > 0)
		text = json_stringn(pem, (size_t)pem_len);
	BIO_free(bio);
	return text;
}

char *base64_text(const uint8_t *bytes, size_t len)
{
	char *text = malloc((len + 2) / 3 * 4 + 1);

	if (!text)
		return NULL;
	text[0] = '\0';
	EVP_EncodeBlock((unsigned char *)text, bytes, (int)len);
	return text;
}
