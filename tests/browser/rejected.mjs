/* Who is refused is listed as it happens, with the reason; one click trusts it. */
import assert from "node:assert/strict";
import { check, keystorectl, keystorectlJson, makeAdministrator, makeUser, order, play, sh, shot, step, url, visit } from "./site.mjs";

function makeClient(name) {
	sh(`openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ${name}.key -out ${name}.pem -days 30 -subj '/O=Plant/CN=${name}' \
		-addext basicConstraints=critical,CA:FALSE -addext keyUsage=critical,digitalSignature -addext extendedKeyUsage=clientAuth -addext subjectAltName=DNS:${name}.plant`);
}

/* Of a client that shows its certificate; throws where it is not let in. */
function come(name) {
	return sh(`curl -sS --fail --max-time 20 --cacert ca.pem --cert ${name}.pem --key ${name}.key -o /dev/null ${url}/`);
}

function validate(name) {
	return sh(`keystorectl validate https ${name}.pem --purpose tls-client`);
}

play(async () => {
	makeAdministrator();
	keystorectl("role set looker --rights view");
	makeUser("vera", "looker");
	["pump", "valve"].forEach(makeClient);
	await order("https kill");
	await order("https start asking");
	const { page } = await visit({ user: "admin", at: "#/trust/https" });
	const refused = page.getByRole("region", { name: "Refused" });
	const entry = (name) => refused.getByRole("listitem").filter({ hasText: name });
	const trusted = page.getByRole("table", { name: "Trusted certificates of https" });

	await step("a certificate that nobody knows is refused, and listed as it happens", async () => {
		assert.equal(await refused.count(), 0);
		assert.throws(() => come("pump"));
		await entry("pump").waitFor();
		await entry("pump").getByText("refused by https").waitFor();
		await entry("pump").getByText(`${keystorectlJson("rejected list").rejected[0].message}.`).waitFor();
		await entry("pump").getByText(/^Once, the last time/).waitFor();
		assert.throws(() => come("pump"));
		await entry("pump").getByText(/^2 times, the last time/).waitFor();
		assert.throws(() => come("valve"));
		await entry("valve").waitFor();
		await check(page);
		await shot(page, "refused");
	});

	await step("its fingerprint is there to compare", async () => {
		const fingerprint = sh("openssl x509 -in pump.pem -noout -fingerprint -sha256").split("=")[1].trim();

		await entry("pump").getByText("Fingerprint to compare").click();
		assert.equal((await entry("pump").locator("code").textContent()).replaceAll(":", ""), fingerprint.replaceAll(":", ""));
	});

	await step("one who may only look is offered nothing", async () => {
		const vera = await visit({ user: "vera", at: "#/trust/https" });

		await vera.page.getByRole("region", { name: "Refused" }).getByText("pump").first().waitFor();
		assert.equal(await vera.page.getByRole("button", { name: /^(Trust|Forget|More for) / }).count(), 0);
		await vera.context.close();
	});

	await step("one click trusts it", async () => {
		assert.throws(() => validate("pump"));
		await page.getByRole("button", { name: "Trust pump" }).click();
		await entry("pump").waitFor({ state: "detached" });
		await trusted.getByText("pump").waitFor();
		validate("pump");
		come("pump");
		await shot(page, "trusted");
	});

	await step("the other one is forgotten, and trusted no more than before", async () => {
		await page.getByRole("button", { name: "More for valve" }).click();
		await page.getByRole("menuitem", { name: /^Forget/ }).click();
		await refused.waitFor({ state: "detached" });
		assert.throws(() => come("valve"));
		await entry("valve").waitFor();
	});

	await step("taken out of the list, it is refused again", async () => {
		await trusted.getByRole("button", { name: "pump" }).click();
		await page.getByRole("button", { name: "Take out…" }).click();
		await page.getByRole("alertdialog").getByRole("button", { name: "Take out" }).click();
		await trusted.getByText("pump").waitFor({ state: "detached" });
		assert.throws(() => come("pump"));
		await entry("pump").waitFor();
	});
});
