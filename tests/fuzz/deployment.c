/* A deployment's file, as keystore-deploy finds it. */
#include "fuzz.h"

#include <string.h>

#include "deployment.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct deployment deployment;
	struct deployment again;
	char problem[DEPLOY_PROBLEM_MAX];
	char text[DEPLOYMENT_TEXT_MAX];

	if (!deployment_read((const char *)bytes, len, &deployment, problem))
		return 0;
	fuzz_expect(deployment_check(&deployment, problem));
	for (enum deployment_file i = 0; i < DEPLOYMENT_FILES; i++)
		fuzz_expect(!strstr(deployment.paths[i], "/../"));
	/* It may hold what cannot be written; but nothing is written that says something else. */
	if (!deployment_write(&deployment, text, problem))
		return 0;
	fuzz_expect(deployment_read(text, strlen(text), &again, problem));
	fuzz_expect(deployment.cert_id == again.cert_id && deployment.mode == again.mode &&
		    strcmp(deployment.command, again.command) == 0 &&
		    memcmp(deployment.paths, again.paths, sizeof(again.paths)) == 0);
	return 0;
}
