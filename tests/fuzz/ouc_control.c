/* A line that a client of keystore-ouc's control socket sends. */
#include "fuzz.h"

#include <string.h>

#include "control_command.h"
#include "data_block.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct control_command command;
	char problem[CONTROL_PROBLEM_MAX] = "";

	if (!control_command_parse((const char *)bytes, len, &command, problem)) {
		fuzz_expect(problem[0] && memchr(problem, '\0', sizeof(problem)));
		return 0;
	}
	fuzz_expect(command.verb < CONTROL_VERBS);
	fuzz_expect(!command.name || data_name_is_valid(command.name));
	fuzz_expect(!command.values || json_is_object(command.values));
	fuzz_expect(!command.waits || command.verb == CONTROL_SEND);
	control_command_clear(&command);
	return 0;
}
