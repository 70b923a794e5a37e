// node opcua_policies.js POLICY:MODE...: a session by each, with its password.
"use strict";

const { assert, main, opcua, operator, readValue, withSession } = require("./opcua_client");

main(async () => {
	for (const argument of process.argv.slice(2)) {
		const [policy, mode] = argument.split(":");

		await withSession({ policy, mode }, operator, async (session, client) => {
			assert.strictEqual(client.securityPolicy, opcua.SecurityPolicy[policy]);
			assert.strictEqual(await readValue(session, "i=2259"), 0);
			console.log(argument);
		});
	}
});
