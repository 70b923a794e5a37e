/*
 * Messages of keystore.v1 to and from bytes. Hides the memory of a decoded message: it is
 * bounded whatever the bytes say (a hostile frame of empty sub-messages would otherwise take
 * a hundred times its size), and is wiped when it is freed, since it may hold secrets.
 */
#ifndef KS_CODEC_H
#define KS_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "keystore.pb-c.h"

typedef Keystore__V1__Request ks_pb_request;
typedef Keystore__V1__Reply ks_pb_reply;

/*
 * NULL: malformed, a string that is not UTF-8 or holds a NUL, or more memory than 2 MiB.
 * Free with codec_request_free(). Enum values are as sent, known or not.
 */
ks_pb_request *codec_request_decode(const uint8_t *bytes, size_t len);
void codec_request_free(ks_pb_request *request);

ks_pb_reply *codec_reply_decode(const uint8_t *bytes, size_t len);
void codec_reply_free(ks_pb_reply *reply);

/*
 * Packs a message as one frame at the end of @writer. FRAME_TOO_LARGE: over KS_FRAME_MAX, or
 * without a single field.
 */
[[nodiscard]] enum frame_status codec_write(struct frame_writer *writer,
					    const ProtobufCMessage *message);

#endif
