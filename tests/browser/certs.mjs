/* The certificate manager: create, renew, replace, import, export, revoke, and a CA elsewhere. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { check, dir, download, expected, go, keystorectl, keystorectlJson, makeAdministrator, play, sh, shot, step, url, visit } from "./site.mjs";

const at = (name) => path.join(dir, name);

/* A CA of another make, in openssl's hands. */
function makeOutside() {
	sh(`openssl req -x509 -newkey rsa:2048 -nodes -keyout outside.key -out outside.pem -subj "/CN=Outside CA" -days 900 \
		-addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
	openssl req -newkey rsa:2048 -nodes -keyout press.key -out press.csr -subj "/CN=press.plant" 2>/dev/null
	printf 'subjectAltName=DNS:press.plant\nextendedKeyUsage=serverAuth\nkeyUsage=critical,digitalSignature\n' >press.ext
	openssl x509 -req -in press.csr -CA outside.pem -CAkey outside.key -days 300 -extfile press.ext -out press.pem 2>/dev/null
	openssl pkcs12 -export -in press.pem -inkey press.key -certfile outside.pem -passout pass:river -out press.p12`);
}

async function openMenu(page, button, item) {
	await page.getByRole("button", { name: button, exact: true }).click();
	await page.getByRole("menuitem", { name: item }).click();
}

async function idShown(page) {
	await page.waitForURL(/#\/certs\/\w+\/\d+$/);
	return Number(/\d+$/.exec(page.url())[0]);
}

async function drop(page, file) {
	const bytes = fs.readFileSync(file).toString("base64");
	const data = await page.evaluateHandle(([text, called]) => {
		const transfer = new DataTransfer();

		transfer.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], called));
		return transfer;
	}, [bytes, path.basename(file)]);

	await page.dispatchEvent("main", "dragenter", { dataTransfer: data });
	await page.dispatchEvent("main", "drop", { dataTransfer: data });
}

play(async () => {
	makeAdministrator();
	makeOutside();
	const { page } = await visit({ user: "admin", at: "#/certs", width: 1700 });
	const dialog = page.getByRole("dialog");
	let id;

	await step("rules that a certificate would break are told while one types", async () => {
		await page.getByRole("button", { name: "Create certificate" }).first().click();
		await dialog.getByLabel("Purpose").selectOption("opcua-server");
		await dialog.getByLabel("Common name").fill("plc-7");
		await dialog.getByLabel("Name 1", { exact: true }).fill("not a uri");
		await dialog.getByLabel("Type of name 1").selectOption("uri");
		await dialog.locator(".field-error:not(:empty)").first().waitFor();
		await dialog.getByRole("status").filter({ hasText: /rules? (is|are) not kept/ }).waitFor();
		await check(page, { tab: false });
		await shot(page, "draft");
		await dialog.getByLabel("Name 1", { exact: true }).fill("urn:plant:plc-7");
		await dialog.getByRole("button", { name: "Add name" }).click();
		await dialog.getByLabel("Name 2", { exact: true }).fill("plc-7.plant");
		await dialog.getByRole("status").filter({ hasText: /All rules are kept|It can be made/ }).waitFor();
	});

	await step("a certificate by a CA here", async () => {
		await dialog.getByRole("button", { name: "Create", exact: true }).click();
		id = await idShown(page);
		const cert = keystorectlJson(`cert show ${id}`);

		assert.equal(cert.subject, "CN=plc-7");
		assert.equal(cert.issuer_id, 1);
		await page.getByRole("heading", { name: "plc-7", level: 2 }).waitFor();
		await shot(page, "detail");
	});

	await step("a self-signed one", async () => {
		await page.getByRole("button", { name: "Create certificate" }).click();
		await dialog.getByLabel("Purpose").selectOption("web-server");
		await dialog.getByLabel("Signed by").selectOption("self");
		await dialog.getByLabel("Common name").fill("alone.plant");
		await dialog.getByLabel("Name 1", { exact: true }).fill("alone.plant");
		await dialog.getByRole("button", { name: "Create", exact: true }).click();
		await page.getByRole("heading", { name: "alone.plant", level: 2 }).waitFor();
		const own = keystorectlJson(`cert show ${await idShown(page)}`);

		assert.equal(own.subject, own.issuer);
	});

	await step("renewed: the same ID, the next version", async () => {
		await go(page, `#/certs/device/${id}`);
		await page.getByRole("heading", { name: "plc-7", level: 2 }).waitFor();
		await page.getByRole("button", { name: "Renew", exact: true }).click();
		await dialog.getByRole("button", { name: "Renew", exact: true }).click();
		await page.getByText(/plc-7 is renewed: version 2/).first().waitFor();
		assert.equal(keystorectlJson(`cert show ${id}`).version, 2);
	});

	await step("each format is what keystorectl exports", async () => {
		for (const [item, format] of [[/Certificate, DER/, "der"], [/Certificate, PEM/, "pem"], [/with its chain, PEM/, "chain"],
					      [/Chain, PKCS#7 \.p7b – binary/, "p7b"], [/PKCS#7 as text/, "p7b-pem"]]) {
			const file = await download(page, () => openMenu(page, "Export", item));

			keystorectl(`cert export ${id} --format ${format} --out by-hand`);
			assert.ok(fs.readFileSync(file).equals(fs.readFileSync(at("by-hand"))), `${format} differs`);
		}
		await openMenu(page, "Export", /PKCS#12/);
		await dialog.getByLabel("Password for the file").fill("river");
		const file = await download(page, () => dialog.getByRole("button", { name: "Save file" }).click());

		assert.match(sh(`openssl pkcs12 -in ${file} -passin pass:river -nokeys`), /CN ?= ?plc-7/);
		assert.doesNotMatch(sh(`openssl pkcs12 -in ${file} -passin pass:river -nodes`), /PRIVATE KEY/);
	});

	await step("the private key is refused, and told why", async () => {
		expected(page, /status of 40[0-9]|status of 422/);
		await openMenu(page, "Export", /Private key/);
		await dialog.getByText(/TPM/).first().waitFor();
		await shot(page, "private-key");
		await dialog.getByRole("button", { name: "Close" }).click();
	});

	await step("a PKCS#12 that is dropped asks for its password, and is in the TPM", async () => {
		await drop(page, at("press.p12"));
		await dialog.getByRole("heading", { name: "Import" }).waitFor();
		await dialog.getByLabel("Password of the file").fill("wrong");
		await dialog.getByRole("button", { name: "Import", exact: true }).click();
		await dialog.locator(".field-error:not(:empty), .form-problem:not(:empty)").first().waitFor();
		await shot(page, "import");
		await dialog.getByLabel("Password of the file").fill("river");
		await dialog.getByRole("button", { name: "Import", exact: true }).click();
		await page.getByRole("heading", { name: /certificates? (is|are) here/ }).or(page.getByText(/is certificate \d+/)).first().waitFor();
		const press = keystorectlJson("cert list").certs.find((cert) => cert.common_name === "press.plant");

		assert.equal(press.private_key.origin, "imported");
		if (await dialog.isVisible())
			await dialog.getByRole("button", { name: "Close" }).last().click();
	});

	await step("a CA elsewhere: its CSR goes out, its answer comes back", async () => {
		await go(page, "#/certs");
		await page.getByRole("button", { name: "Create certificate" }).click();
		await dialog.getByLabel("Purpose").selectOption("tls-server");
		await dialog.getByLabel("Signed by").selectOption("elsewhere");
		await dialog.getByLabel("Common name").fill("mixer.plant");
		await dialog.getByLabel("Name 1", { exact: true }).fill("mixer.plant");
		const csr = await download(page, () => dialog.getByRole("button", { name: "Create CSR" }).click());

		sh(`printf 'subjectAltName=DNS:mixer.plant\nextendedKeyUsage=serverAuth\nkeyUsage=critical,digitalSignature\nbasicConstraints=critical,CA:FALSE\n' >mixer.ext
			openssl x509 -req -in '${csr}' -CA outside.pem -CAkey outside.key -days 300 -extfile mixer.ext -out mixer.pem`);
		await page.getByRole("button", { name: "Upload answer" }).click();
		await dialog.locator("input[type=file]").setInputFiles(at("mixer.pem"));
		await dialog.getByRole("button", { name: "Upload", exact: true }).click();
		await page.getByText("A CSR waits for its answer").waitFor({ state: "detached" });
		const mixer = keystorectlJson(`cert show ${await idShown(page)}`);

		assert.deepEqual([mixer.state, mixer.issuer], ["active", "CN=Outside CA"]);
	});

	await step("replaced by a PKCS#12: the ID stays", async () => {
		sh(`openssl req -newkey rsa:2048 -nodes -keyout mixer.key -out mixer.csr -subj "/CN=mixer.plant" 2>/dev/null
			openssl x509 -req -in mixer.csr -CA outside.pem -CAkey outside.key -days 200 -extfile mixer.ext -out mixer2.pem 2>/dev/null
			openssl pkcs12 -export -in mixer2.pem -inkey mixer.key -passout pass:river -out mixer.p12`);
		const mixer = await idShown(page);

		await openMenu(page, "More actions for this certificate", /Replace/);
		await dialog.locator("input[type=file]").setInputFiles(at("mixer.p12"));
		await dialog.getByLabel("Password of the file").fill("river");
		await dialog.getByRole("button", { name: "Replace", exact: true }).click();
		await page.getByText(/imported into this device’s TPM/).waitFor();
		assert.equal(keystorectlJson(`cert show ${mixer}`).version, 2);
		if (await dialog.isVisible())
			await dialog.getByRole("button", { name: "Close" }).last().click();
	});

	await step("revoked, with a reason", async () => {
		await go(page, `#/certs/device/${id}`);
		await page.getByRole("heading", { name: "plc-7", level: 2 }).waitFor();
		await openMenu(page, "More actions for this certificate", /Revoke/);
		await dialog.getByRole("radio").first().check();
		await dialog.getByRole("button", { name: "Revoke" }).click();
		await page.getByText(/plc-7 is revoked/).first().waitFor();
		assert.equal(keystorectlJson(`cert show ${id}`).state, "revoked");
		await page.getByText("Revoked", { exact: true }).first().waitFor();
		await shot(page, "revoked");
	});
});
