/* Logging in and out, a wrong password, one that must be changed, and a login that nobody uses. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { check, dir, expected, keystorectl, launch, login, makeAdministrator, makeUser, order, PASSWORD, play, shot, step, url, visit } from "./site.mjs";

const NEXT = "eight blue gearboxes";

play(async () => {
	makeAdministrator();
	makeUser("fresh", "operator", "--must-change");
	makeUser("gone", "operator");

	const { page, context } = await visit();

	expected(page, /status of 40[13]/);
	await step("the page of the login is fit for all", async () => {
		await page.getByRole("heading", { name: "Log in" }).waitFor();
		await check(page);
		await shot(page, "login");
	});

	await step("a wrong password is told, and leaves the field empty", async () => {
		await login(page, "admin", "wrong");
		await page.getByRole("alert").filter({ hasText: /password/i }).waitFor();
		assert.equal(await page.getByLabel("Password", { exact: true }).inputValue(), "");
		await shot(page, "wrong");
	});

	await step("the right one leads to the page that was asked for", async () => {
		await page.goto(`${url}/#/account`);
		await login(page, "admin");
		await page.getByRole("heading", { name: "Your account" }).waitFor();
	});

	await step("a reload keeps the login, and scripts do not see its cookie", async () => {
		await page.reload();
		await page.getByRole("heading", { name: "Your account" }).waitFor();
		assert.equal(await page.evaluate(() => document.cookie), "");
		const [cookie] = await context.cookies();

		assert.deepEqual([cookie.name, cookie.httpOnly, cookie.secure, cookie.sameSite], ["__Host-keystore", true, true, "Strict"]);
	});

	await step("logging out leaves nothing to come back to", async () => {
		await page.getByRole("button", { name: "Log out" }).click();
		await page.getByRole("heading", { name: "Log in" }).waitFor();
		await page.goBack();
		await page.getByRole("heading", { name: "Log in" }).waitFor();
	});

	await step("a password of somebody else must be changed first", async () => {
		await page.goto(url);
		await login(page, "fresh");
		await page.getByRole("heading", { name: "Choose a new password" }).waitFor();
		await check(page);
		await page.getByLabel("New password", { exact: true }).fill(NEXT);
		await page.getByLabel("New password again").fill(`${NEXT}!`);
		await page.getByRole("button", { name: /Change password/ }).click();
		await page.getByText("The two are not the same.").waitFor();
		await page.getByLabel("New password again").fill(NEXT);
		await page.getByRole("button", { name: /Change password/ }).click();
		await page.getByRole("button", { name: "Log out" }).waitFor();
		await shot(page, "changed");
	});

	await step("one's own password can be changed", async () => {
		await page.goto(`${url}/#/account`);
		await page.getByLabel("Password now").fill("wrong");
		await page.getByLabel("New password", { exact: true }).fill(PASSWORD);
		await page.getByLabel("New password again").fill(PASSWORD);
		await page.getByRole("button", { name: "Change password" }).click();
		await page.locator(".field-error, .form-problem").filter({ hasText: /password/i }).first().waitFor();
		await page.getByLabel("Password now").fill(NEXT);
		await page.getByRole("button", { name: "Change password" }).click();
		await page.getByText("The password is changed.").first().waitFor();
		await page.getByRole("button", { name: "Log out" }).click();
		await login(page, "fresh");
		await page.getByRole("button", { name: "Log out" }).waitFor();
		await page.getByRole("button", { name: "Log out" }).click();
	});

	await step("a user who is disabled is out at once", async () => {
		await login(page, "gone");
		await page.getByRole("button", { name: "Log out" }).waitFor();
		keystorectl("user set gone --state disabled");
		await page.getByRole("heading", { name: "Log in" }).waitFor();
	});
	await context.close();

	await step("a login that nobody uses is warned of, kept, and over", async () => {
		fs.writeFileSync(path.join(dir, "keystored.conf"), "[users]\nidle-timeout = 10s\n");
		await order("keystored kill");
		await order("keystored start");
		const idle = await launch();

		expected(idle.page, /status of (401|503|504)/);
		await idle.page.goto(url);
		await login(idle.page, "admin");
		await idle.page.getByRole("dialog").or(idle.page.getByRole("alertdialog")).waitFor();
		await check(idle.page, { tab: false });
		await shot(idle.page, "ending");
		await idle.page.getByRole("button", { name: /Stay|Go on|Keep/ }).click();
		await idle.page.getByRole("button", { name: "Log out" }).waitFor();
		await idle.page.getByRole("heading", { name: "Log in" }).waitFor();
	});
});
