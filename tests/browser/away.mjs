/* keystored dies under the pages, and comes back: nobody has to reload. */
import assert from "node:assert/strict";
import { expected, keystorectl, login, makeAdministrator, order, play, shot, step, visit } from "./site.mjs";

play(async () => {
	makeAdministrator();
	const { page } = await visit({ user: "admin", at: "#/certs" });
	const banner = page.locator("#banner");

	expected(page, /status of (401|50[0-9])/, /ERR_/);
	await page.evaluate(() => {
		globalThis.isTheSame = true;
	});

	await step("it is told at once, and what is shown stays", async () => {
		await page.getByRole("link", { name: "localhost" }).waitFor();
		await order("keystored kill");
		await banner.filter({ hasText: "keystored is away" }).waitFor();
		assert.ok(await page.getByRole("link", { name: "localhost" }).isVisible());
		await shot(page, "away");
	});

	await step("it is back: logins are not kept over its end, so one logs in again, without a reload", async () => {
		await order("keystored start");
		await banner.waitFor({ state: "hidden" });
		await page.getByRole("heading", { name: "Log in" }).waitFor();
		await login(page, "admin");
		await page.getByRole("link", { name: "localhost" }).waitFor();
		assert.ok(await page.evaluate(() => globalThis.isTheSame));
	});

	await step("and news come again", async () => {
		keystorectl("login admin --password-file password");
		keystorectl("cert create --profile web-server --self-signed --new-key later --algorithm ec-p256 --subject CN=later --san DNS:later");
		await page.getByRole("link", { name: "later" }).waitFor();
		await shot(page, "back");
	});
});
