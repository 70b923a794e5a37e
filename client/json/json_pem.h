/* Bytes as the texts that files and JSON carry them in. */
#ifndef JSON_PEM_H
#define JSON_PEM_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* RFC 7468, under @label ("CERTIFICATE"). NULL: no memory. free() it. */
char *pem_text(const char *label, const uint8_t *der, size_t len);
/* A new reference. NULL: no memory. */
json_t *json_pem(const char *label, const uint8_t *der, size_t len);

/* RFC 4648 4. NULL: no memory. Wipe and free() it. */
char *base64_text(const uint8_t *bytes, size_t len);

#endif
