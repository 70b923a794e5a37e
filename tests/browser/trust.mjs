/* The root certificate: a page that is trusted with it, a warning without. */
import assert from "node:assert/strict";
import fs from "node:fs";
import { check, download, expected, keystorectlJson, launch, makeAdministrator, makeHome, play, sh, shot, step, url, visit } from "./site.mjs";

play(async () => {
	makeAdministrator();
	const ca = keystorectlJson("cert show 2");
	let file;

	await step("with the root the page is trusted, and it gives the root to others", async () => {
		const { page } = await launch();
		const answer = await page.goto(url);

		assert.equal(answer.status(), 200);
		assert.match((await answer.securityDetails()).protocol, /TLS 1\.[23]/);
		assert.ok(await page.evaluate(() => isSecureContext));
		await page.getByRole("link", { name: "Install its root certificate" }).click();
		file = await download(page, () => page.getByRole("link", { name: `Download ${ca.common_name}` }).click());
		const pem = await download(page, () => page.getByRole("link", { name: /^As PEM.*P-256$/ }).click());

		assert.match(fs.readFileSync(pem, "utf8"), /^-----BEGIN CERTIFICATE-----/);
		await shot(page, "roots");
	});

	await step("a browser that does not know it warns", async () => {
		const { page } = await launch({ home: makeHome({ trusts: null }) });

		expected(page, /ERR_CERT_AUTHORITY_INVALID/);
		await assert.rejects(page.goto(url), /ERR_CERT_AUTHORITY_INVALID/);
		await shot(page, "warning");
	});

	await step("who goes on all the same finds it, and how to install it, without a login", async () => {
		const { page } = await visit({ home: makeHome({ trusts: null }), ignoreHTTPSErrors: true });

		await page.getByRole("link", { name: "Install its root certificate" }).click();
		await page.getByRole("heading", { name: "Root certificates", level: 1 }).waitFor();
		await page.getByText("used by this page").waitFor();
		/* The one that the page itself rests on is the first. */
		const [fingerprint] = await page.locator(".root-prints code").allTextContents();
		const href = await page.getByRole("link", { name: `Download ${ca.common_name}` }).getAttribute("href");
		const bytes = await page.evaluate(async (from) => [...new Uint8Array(await (await fetch(from)).arrayBuffer())], href);

		assert.ok(fs.readFileSync(file).equals(Uint8Array.from(bytes)));
		assert.equal(fingerprint.replaceAll(":", "").toLowerCase(), ca.fingerprint.replaceAll(":", "").toLowerCase());
		assert.equal(sh(`openssl x509 -inform DER -in '${file}' -noout -fingerprint -sha256`).split("=")[1].trim(), fingerprint);
		await check(page);
	});

	await step("installed, the file that was downloaded makes the page trusted", async () => {
		const { page } = await launch({ home: makeHome({ trusts: file }) });

		assert.equal((await page.goto(url)).status(), 200);
		await page.getByRole("heading", { name: "Log in" }).waitFor();
	});
});
