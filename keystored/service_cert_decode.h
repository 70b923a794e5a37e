/*
 * A file from elsewhere, taken apart. Hides that this happens on the worker's thread, and what
 * each thing that may be wrong with a file is answered with.
 */
#ifndef SERVICE_CERT_DECODE_H
#define SERVICE_CERT_DECODE_H

#include <codec.h>

#include "x509_import.h"

struct request;

/* @import is the callee's. */
typedef void decoding_done(struct request *request, struct import *import);

/* @file and @password are copied, and wiped. Answers where it does not come to @done. */
void decoding_start(struct request *request, const ProtobufCBinaryData *file,
		    const ProtobufCBinaryData *password, decoding_done *done);

#endif
