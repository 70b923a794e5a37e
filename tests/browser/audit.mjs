/* The audit trail: the newest first, filtered, verified, exported; and one that was tampered with. */
import assert from "node:assert/strict";
import fs from "node:fs";
import { download, expected, keystorectl, keystorectlJson, login, makeAdministrator, makeUser, order, play, sh, shot, step, visit } from "./site.mjs";

const CHANGES = 230;

play(async () => {
	makeAdministrator();
	makeUser("clara", "operator");
	/* More than come at once. */
	sh(`for i in $(seq ${CHANGES}); do keystorectl role set role-$((i % 5)) --rights view >/dev/null; done`);
	const { page } = await visit({ user: "admin", at: "#/audit" });
	const dialog = page.getByRole("dialog");
	const lines = page.locator(".audit-table tbody tr");

	await step("the newest is on top, older ones come as one scrolls", async () => {
		const all = keystorectlJson("audit list").records;
		const first = Number(await lines.first().locator("td").first().textContent());

		assert.ok(first >= all.at(-1).seq - 1);
		await page.keyboard.press("End");
		await page.getByText("That is all").scrollIntoViewIfNeeded();
		assert.ok(await lines.count() >= all.length - 1);
		await page.keyboard.press("Home");
	});

	await step("filtered by what was done, and to what", async () => {
		await page.getByRole("button", { name: "Filter" }).click();
		await page.getByLabel("Operation").fill("user create");
		await page.getByText("That is all: 2 records.").waitFor();
		await page.getByLabel("Object").fill("clara");
		await page.getByText("That is all: 1 records.").waitFor();
		await shot(page, "filter");
		await lines.first().getByRole("button").click();
		await dialog.getByText("clara").first().waitFor();
		await dialog.getByRole("button", { name: "Close" }).click();
		await page.getByLabel("Object").fill("nobody");
		await page.getByRole("heading", { name: "Nothing matches" }).waitFor();
		await page.getByRole("button", { name: "Clear filter" }).click();
		await lines.nth(50).waitFor();
	});

	await step("what happens now comes by itself", async () => {
		keystorectl("key create late --algorithm ec-p256");
		await lines.filter({ hasText: "late" }).first().waitFor();
	});

	await step("verified, in words", async () => {
		await page.getByRole("button", { name: "Verify" }).click();
		await page.getByText("The audit trail is intact").waitFor();
		await shot(page, "intact");
	});

	await step("exported as JSON and CSV", async () => {
		await page.getByRole("button", { name: "Export…" }).click();
		await dialog.getByLabel("JSON").check();
		const json = await download(page, () => dialog.getByRole("button", { name: "Export", exact: true }).click());
		const records = JSON.parse(fs.readFileSync(json, "utf8")).records.reverse();
		const byHand = keystorectlJson("audit list").records;

		assert.deepEqual(records, byHand.slice(0, records.length));
		assert.ok(records.length >= byHand.length - 2);
		await page.getByRole("button", { name: "Export…" }).click();
		const file = await download(page, () => dialog.getByRole("button", { name: "Export", exact: true }).click());

		assert.equal(sh(`python3 -c 'import csv, sys; print(len(list(csv.reader(open(sys.argv[1], encoding="utf-8-sig", newline="")))))' '${file}'`).trim(),
			     String(records.length + 1));
	});

	await step("a trail that was tampered with is said to be broken", async () => {
		expected(page, /status of (401|50[0-9])/, /ERR_/);
		await order("keystored kill");
		sh("sqlite3 state/keystored.db \"UPDATE audit SET object = 'nobody' WHERE seq = 40\"");
		await order("keystored start");
		await page.getByRole("heading", { name: "Log in" }).waitFor();
		await login(page, "admin");
		await page.getByRole("button", { name: "Verify" }).click();
		await page.getByText("The audit trail is broken").waitFor();
		await page.getByText("A record was changed.").waitFor();
		await page.getByText("keystored says: record 40 is not the one that was written there").waitFor();
		await shot(page, "broken");
	});
});
