/* A line that something says at the place of keystore-ouc's control socket. */
#include "fuzz.h"

#include <string.h>

#include "ouc_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct ouc_reply reply;

	ouc_reply_parse((const char *)bytes, len, &reply);
	fuzz_expect(reply.status <= OUC_GARBLED);
	fuzz_expect((reply.status == OUC_OK) == json_is_object(reply.line));
	fuzz_expect((reply.status == OUC_OK) == !*reply.sentence);
	fuzz_expect(memchr(reply.sentence, '\0', sizeof(reply.sentence)) != NULL);
	fuzz_expect(!strpbrk(reply.sentence, "\r\n\x7f"));
	ouc_reply_clear(&reply);
	return 0;
}
