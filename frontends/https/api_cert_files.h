/* Operations on certificates that take a file or answer with one. Hides formats and uploads. */
#ifndef HTTPS_API_CERT_FILES_H
#define HTTPS_API_CERT_FILES_H

#include "api.h"

void api_cert_import(struct api_call *call);
void api_cert_replace(struct api_call *call);
void api_cert_sign(struct api_call *call);
void api_cert_file(struct api_call *call);
void api_cert_pkcs12(struct api_call *call);

#endif
