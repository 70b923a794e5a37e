/* Ten thousand certificates: the list is there at once, and only the rows in sight are elements. */
import assert from "node:assert/strict";
import { createPrivateKey, randomBytes, sign } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { check, dir, expected, go, keystorectl, makeAdministrator, play, sh, shot, step, visit } from "./site.mjs";

const CERTS = 10000;
const FILE_CERTS = 64; /* of one import, see keystorectl(1) */
const ROWS_MAX = 100;
const SERIAL_BYTES = 16;
const SIGNATURE_BYTES = 256;

/* What openssl has made once, over and over with another name and serial number, each signed anew. */
function* certificates() {
	const serial = Buffer.from(`5a${"00".repeat(SERIAL_BYTES - 1)}`, "hex");
	const name = (i) => Buffer.from(`CN-${String(i).padStart(5, "0")}`);

	sh(`openssl req -x509 -newkey rsa:2048 -nodes -keyout many.key -out many.der -outform DER -days 300 -subj '/O=Plant/CN=${name(0)}' -set_serial 0x${serial.toString("hex")} \
		-addext basicConstraints=critical,CA:FALSE -addext keyUsage=critical,digitalSignature`);
	const key = createPrivateKey(fs.readFileSync(path.join(dir, "many.key")));
	const der = fs.readFileSync(path.join(dir, "many.der"));
	const serialAt = der.indexOf(serial);
	const nameAt = [der.indexOf(name(0)), der.lastIndexOf(name(0))];
	const signed = der.subarray(4, 8 + der.readUInt16BE(6));

	for (let i = 1; i <= CERTS; i++) {
		randomBytes(SERIAL_BYTES - 1).copy(der, serialAt + 1);
		nameAt.forEach((at) => name(i).copy(der, at));
		sign("sha256", signed, key).copy(der, der.length - SIGNATURE_BYTES);
		yield `-----BEGIN CERTIFICATE-----\n${der.toString("base64").replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`;
	}
}

function importAll() {
	let file = [];
	let files = 0;
	const put = () => fs.writeFileSync(path.join(dir, `many-${files++}.pem`), file.join(""));

	for (const pem of certificates()) {
		file.push(pem);
		if (file.length === FILE_CERTS) {
			put();
			file = [];
		}
	}
	if (file.length)
		put();
	sh(`for i in $(seq 0 ${files - 1}); do keystorectl cert import many-$i.pem >/dev/null; done`);
}

play(async () => {
	makeAdministrator();
	await step(`${CERTS} certificates are imported`, importAll);
	/* As wide as has room for the list and one of it. */
	const { page } = await visit({ user: "admin", at: "#/users", width: 1600 });
	const table = page.locator(".certs .table");
	const rows = table.locator("tbody:not(.table-gap) tr");
	const count = page.getByText(`${CERTS} certificates`);
	const fewRows = async () => assert.ok(await rows.count() <= ROWS_MAX, `${await rows.count()} rows`);

	await step("the list shows before all have come, and then all", async () => {
		const began = Date.now();

		await go(page, "#/certs/trusted");
		await rows.first().waitFor();
		const first = Date.now();

		await count.waitFor();
		console.log(`  first rows after ${first - began} ms, all after ${Date.now() - began} ms`);
		await fewRows();
		await shot(page, "first");
		await check(page, { tab: false });
	});

	await step("scrolled to its end", async () => {
		await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
		await table.getByText(`CN-${CERTS}`).waitFor();
		await fewRows();
		await shot(page, "end");
		await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight / 2));
		await table.getByText("CN-05000").waitFor();
		await fewRows();
	});

	await step("by keys, too", async () => {
		await page.evaluate(() => scrollTo(0, 0));
		await table.getByText("CN-00001").waitFor();
		await rows.first().getByRole("link").focus();
		await page.keyboard.press("End");
		await table.getByRole("link", { name: `CN-${CERTS}` }).and(page.locator(":focus")).waitFor();
		await fewRows();
		await page.keyboard.press("Home");
		await table.getByRole("link", { name: "CN-00001" }).and(page.locator(":focus")).waitFor();
	});

	await step("sorted by another column, and back", async () => {
		await table.getByRole("button", { name: "Common name" }).click();
		await table.getByRole("button", { name: "Common name" }).click();
		await table.getByText(`CN-${CERTS}`).waitFor();
		assert.match(await rows.first().textContent(), new RegExp(`CN-${CERTS}`));
		await fewRows();
	});

	await step("filtered to one", async () => {
		await page.getByRole("searchbox", { name: "Filter certificates" }).fill("cn-07431");
		await page.getByText(`1 of ${CERTS}`).waitFor();
		assert.equal(await rows.count(), 1);
		await table.getByRole("link", { name: "CN-07431" }).click();
		await page.getByRole("heading", { name: "CN-07431" }).waitFor();
		await shot(page, "filter");
		await page.getByRole("searchbox", { name: "Filter certificates" }).fill("");
		await count.waitFor();
	});

	await step("one that goes is gone without asking for all again", async () => {
		const asked = [];
		const id = Number(page.url().match(/\d+$/)[0]);

		page.on("request", (request) => asked.push(new URL(request.url()).pathname));
		expected(page, /status of 404/);
		keystorectl(`cert delete ${id}`);
		await page.getByText(`${CERTS - 1} certificates`).waitFor();
		assert.ok(!asked.includes("/api/v1/certs"), asked.join());
	});
});
