/*
 * The pictures of docs/https.md. They come to build/PRESET/screenshots; what the guide shows is made
 * again by: for at in roots certificates diagnostics; do
 * cp build/PRESET/screenshots/pictures-$at.png docs/pictures/https-$at.png; done
 */
import { go, keystorectl, makeAdministrator, play, sh, shot, step, url, visit } from "./site.mjs";

const SIZE = { width: 1180, height: 720 };

play(async () => {
	makeAdministrator();
	keystorectl("cert create --profile opcua-server --issuer 1 --new-key press --algorithm rsa-2048 --subject CN=press,O=Plant --san URI:urn:plant:press,DNS:press.plant.example");
	keystorectl("cert create --profile tls-client-server --issuer 2 --new-key line-7 --algorithm ec-p256 --subject CN=line-7,O=Plant --san DNS:line-7.plant.example --days 20");

	await step("the root certificates, without a login", async () => {
		const { page } = await visit({ at: "#/roots", ...SIZE });

		await page.getByText("SHA-256 fingerprint").first().waitFor();
		await shot(page, "roots");
	});

	const { page } = await visit({ user: "admin", at: "#/certs/device", ...SIZE });

	await step("certificates", async () => {
		await page.getByText("line-7").first().waitFor();
		await shot(page, "certificates");
	});
	await step("diagnostics, after a load", async () => {
		await go(page, "#/diagnostics");
		sh(`for i in $(seq 150); do curl -sS --cacert ca.pem -o /dev/null ${url}/; done`);
		await page.getByText("No values yet").first().waitFor({ state: "detached" });
		await shot(page, "diagnostics");
	});
});
