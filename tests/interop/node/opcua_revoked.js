// node opcua_revoked.js COMMAND: COMMAND takes the client's trust away. Its channel goes on until it
// is renewed, and ends there; nobody like it is let in again.
"use strict";

const { Counted, assert, clientNew, main, operator, readValue, refused, sh, until, url, withSession } =
	require("./opcua_client");

main(() => withSession({ tokenRenewalInterval: 4000 }, operator, async (session, client) => {
	const counted = new Counted(session);
	let renewals = 0;
	let isLost = false;

	client.on("security_token_renewed", () => renewals++);
	for (const event of ["connection_lost", "start_reconnection", "abort", "close"])
		client.on(event, () => { isLost = true; });
	await counted.begin();
	await until("a renewal", () => renewals > 0);
	sh(process.argv[2]);
	await refused("a new connection", "BadSecurityChecksFailed", async () => {
		const another = await clientNew();

		await another.connect(url).finally(() => another.disconnect());
	});
	const before = renewals;
	const { count } = counted;
	assert.strictEqual(await readValue(session, "i=2259"), 0);
	assert.ok(!isLost && before === 1 && !counted.wrong.length, "it ended before its renewal");
	await until("the end of the connection", () => isLost);
	assert.strictEqual(renewals, before);
	console.log(`it ended ${counted.count - count} notifications later, at its renewal`);
}));
