#include "api_private.h"

/* As it is in the source: what is served is what the tests hold against the code. */
__asm__(".pushsection .rodata\n"
	"api_openapi: .incbin \"" OPENAPI_FILE "\"\n"
	"api_openapi_end: .popsection\n");
extern const char api_openapi[], api_openapi_end[];

void api_openapi_run(struct api_call *call)
{
	api_call_end(call, http_response_static(200, "application/json", api_openapi,
						(size_t)(api_openapi_end - api_openapi)));
}
