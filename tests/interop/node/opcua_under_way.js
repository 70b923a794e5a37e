// node opcua_under_way.js STEP...: a session with a subscription, whose channel is renewed all the time,
// while STEP is done, a shell command each. Not a notification may be lost, and the session stays. A
// STEP that begins with "shown:" changes the certificate that the server shows.
"use strict";

const { Counted, assert, clientNew, main, operator, readValue, sh, until, url, withSession } =
	require("./opcua_client");

const RENEWALS_MS = 400;

async function shown() {
	const client = await clientNew();

	await client.connect(url);
	const thumbprint = client.serverCertificate.toString("base64");
	await client.disconnect();
	return thumbprint;
}

async function step(command, counted, renewed) {
	const before = await shown();
	const isOther = command.startsWith("shown:");

	sh(command.replace(/^shown:/, ""));
	if (isOther) await until("another certificate", async () => await shown() !== before);
	await renewed(2);
	await counted.more(5);
	assert.deepStrictEqual(counted.wrong, [], command);
	console.log(`${command}: ${counted.count} notifications`);
}

main(() => withSession({ tokenRenewalInterval: RENEWALS_MS }, operator, async (session, client) => {
	const counted = new Counted(session);
	let renewals = 0;

	client.on("security_token_renewed", () => renewals++);
	client.on("start_reconnection", () => counted.wrong.push("the connection was lost"));
	client.on("connection_lost", () => counted.wrong.push("the connection was lost"));
	await counted.begin();
	for (const command of process.argv.slice(2)) {
		await step(command, counted, async (count) => {
			const end = renewals + count;

			await until("renewals of the channel", () => renewals >= end);
		});
		assert.strictEqual(await readValue(session, "i=2259"), 0);
	}
}));
