// node opcua_certificates.js NAME:URI:STATUS...: what a client with NAME.pem hears.
"use strict";

const { clientNew, main, operator, refused, url } = require("./opcua_client");

main(async () => {
	for (const argument of process.argv.slice(2)) {
		const [, name, uri, status] = /^([^:]+):(.+):(\w+)$/.exec(argument);

		await refused(name, status, async () => {
			const client = await clientNew({ name, uri });

			// It would say its certificate's.
			client._getApplicationUri = () => uri;
			try {
				await client.connect(url);
				await client.createSession(operator);
			} finally {
				await client.disconnect().catch(() => {});
			}
		});
	}
});
