/* Users, roles, logins: and what a user may not do. */
import assert from "node:assert/strict";
import { expected, go, keystorectl, keystorectlJson, login, makeAdministrator, PASSWORD, play, shot, step, url, visit } from "./site.mjs";

play(async () => {
	makeAdministrator();
	const { page } = await visit({ user: "admin", at: "#/users" });
	const dialog = page.getByRole("dialog");

	await step("a role of one's own", async () => {
		await page.getByRole("tab", { name: "Roles" }).click();
		await page.getByRole("button", { name: "Create role…" }).click();
		await dialog.getByLabel("Name").fill("line-lead");
		await dialog.getByLabel("See diagnostics").check();
		await dialog.getByRole("button", { name: "Create role" }).click();
		await page.getByRole("columnheader", { name: "line-lead" }).waitFor();
		assert.deepEqual(keystorectlJson("role list").roles.find((role) => role.name === "line-lead").rights.sort(), ["read-diagnostics", "view"]);
		await shot(page, "roles");
	});

	await step("a user with it", async () => {
		await page.getByRole("tab", { name: "Users" }).click();
		await page.getByRole("button", { name: "Create user…" }).click();
		await dialog.getByLabel("User name").fill("eve");
		await dialog.getByLabel("First password").fill("short");
		await dialog.getByLabel("Must be changed").uncheck();
		await dialog.getByLabel("line-lead").check();
		expected(page, /status of 4\d\d/);
		await dialog.getByRole("button", { name: "Create user", exact: true }).click();
		await dialog.locator(".field-error:not(:empty), .form-problem:not(:empty)").first().waitFor();
		await shot(page, "short");
		await dialog.getByLabel("First password").fill(PASSWORD);
		await dialog.getByRole("button", { name: "Create user", exact: true }).click();
		await page.getByRole("button", { name: "eve" }).waitFor();
	});

	const eve = await visit({ user: "eve" });

	await step("he sees what he may, and no more", async () => {
		const links = await eve.page.getByRole("navigation", { name: "Pages" }).getByRole("link").allTextContents();

		assert.ok(links.includes("Certificates") && links.includes("Diagnostics"), links.join());
		assert.ok(!links.includes("Users and roles") && !links.includes("Audit trail"), links.join());
		assert.equal(await eve.page.getByRole("button", { name: "Create certificate" }).count(), 0);
		await eve.page.goto(`${url}/#/users`);
		await eve.page.getByRole("heading", { name: "Not for this login" }).waitFor();
		await shot(eve.page, "denied");
		expected(eve.page, /status of 40[13]/);
		const status = await eve.page.evaluate(async () => (await fetch("/api/v1/users")).status);

		assert.equal(status, 403);
	});

	await step("a change of the role holds at once, where he is", async () => {
		await page.getByRole("tab", { name: "Roles" }).click();
		await page.getByRole("button", { name: "Change the rights of line-lead" }).click();
		await dialog.getByLabel("Read the audit trail").check();
		await dialog.getByRole("button", { name: "Save rights" }).click();
		await dialog.waitFor({ state: "detached" });
		await eve.page.reload();
		await eve.page.getByRole("link", { name: "Audit trail" }).waitFor();
	});

	await step("his login is seen, and ended", async () => {
		await page.getByRole("tab", { name: "Logged in" }).click();
		await page.getByRole("button", { name: "End login of eve" }).click();
		await page.getByRole("alertdialog").getByRole("button", { name: "End login" }).click();
		await eve.page.getByRole("heading", { name: "Log in" }).waitFor();
		await login(eve.page, "eve");
		await eve.page.getByRole("button", { name: "Log out" }).waitFor();
	});

	await step("a new password, and disabled", async () => {
		await page.getByRole("tab", { name: "Users" }).click();
		await page.getByRole("button", { name: "eve" }).click();
		await dialog.getByRole("button", { name: "New password…" }).click();
		await dialog.getByLabel("New password").fill(`${PASSWORD} too`);
		await dialog.getByRole("button", { name: "Set password" }).click();
		await page.getByText("new password needed").waitFor();
		await eve.page.getByRole("heading", { name: "Log in" }).waitFor();
		await page.getByRole("button", { name: "eve" }).click();
		await dialog.getByRole("button", { name: "Disable…" }).click();
		await page.getByRole("alertdialog").getByRole("button", { name: "Disable" }).click();
		await page.getByText("disabled", { exact: true }).waitFor();
		assert.equal(keystorectlJson("user list").users.find((user) => user.name === "eve").disabled, true);
		await shot(page, "users");
	});

	await step("what others change is seen without a reload", async () => {
		keystorectl("user create frida --roles operator --password-file password");
		await page.getByRole("button", { name: "frida" }).waitFor();
		keystorectl("user delete frida");
		await page.getByRole("button", { name: "frida" }).waitFor({ state: "detached" });
	});
});
