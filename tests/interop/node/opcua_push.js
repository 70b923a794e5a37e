// node opcua_push.js: GDS Push in its three scenarios, each from the request to another connection.
//   2: the server makes the request, the key never leaves its TPM; with the same key and with a new one
//   1: key and certificate come from outside, as PEM and as PFX
//   3: the web server's certificate
"use strict";

const { ClientPushCertificateManagement } = require("node-opcua-server-configuration");
const crypto = require("crypto");
const { Counted, admin, assert, fs, main, operator, sh, until, withSession } = require("./opcua_client");
const { APPLICATION, HTTPS, RSA, SERVER, TRUST, WEB, gds, good, id, readList, setList, untilShown } =
	require("./opcua_gds");

const publicKey = (file) => new crypto.X509Certificate(fs.readFileSync(file)).publicKey
	.export({ type: "spki", format: "der" });

async function apply(push) {
	assert.strictEqual((await push.applyChanges()).name, "Good");
}

async function update(push, group, type, file, ...key) {
	const result = await push.updateCertificate(group, type, fs.readFileSync(file),
		[fs.readFileSync("gds.der")], ...key);

	assert.strictEqual(result.statusCode.name, "Good");
	assert.strictEqual(result.applyChangesRequired, true);
}

async function signed(push, group, type, isNew, file, order) {
	const result = await push.createSigningRequest(group, type, "", isNew,
		isNew ? crypto.randomBytes(32) : null);

	assert.strictEqual(result.statusCode.name, "Good");
	fs.writeFileSync("push.csr", result.certificateSigningRequest);
	gds(`${order} push.csr ${file}`);
}

async function second(isNew, file) {
	await withSession(TRUST, admin, async (session) => {
		const push = new ClientPushCertificateManagement(session);

		await signed(push, "DefaultApplicationGroup", RSA, isNew, file, "gds_sign");
		await update(push, "DefaultApplicationGroup", RSA, file);
		await apply(push);
	});
	await untilShown(file);
	await withSession(TRUST, operator, async () => {});
	console.log(`scenario 2, with ${isNew ? "a new" : "the same"} key`);
}

async function first(format, file) {
	sh(`openssl req -new -newkey rsa:2048 -noenc -keyout ${file}.key -subj /CN=gateway/O=Plant -addext `
		+ "subjectAltName=URI:urn:plant:gateway:opcua,DNS:localhost,IP:127.0.0.1 "
		+ `-outform DER -out ${file}.csr 2> /dev/null`);
	gds(`gds_sign ${file}.csr ${file}`);
	sh(`openssl pkcs12 -export -inkey ${file}.key -in ${file}.pem -passout pass: -out ${file}.pfx`);
	await withSession(TRUST, admin, async (session) => {
		const push = new ClientPushCertificateManagement(session);
		const key = fs.readFileSync(format === "PEM" ? `${file}.key` : `${file}.pfx`);

		await update(push, "DefaultApplicationGroup", RSA, file, format, key);
		await apply(push);
	});
	await untilShown(file);
	await withSession(TRUST, operator, async () => {});
	console.log(`scenario 1, ${format}`);
}

async function third() {
	await withSession(TRUST, admin, async (session) => {
		const push = new ClientPushCertificateManagement(session);

		await signed(push, "DefaultHttpsGroup", WEB, true, "web.der", "gds_sign_web");
		await update(push, "DefaultHttpsGroup", WEB, "web.der");
		await apply(push);
		const [, certificates] = await good(session, SERVER, "GetCertificates", id(HTTPS));
		assert.ok(certificates[0].equals(fs.readFileSync("web.der")));
	});
	console.log("scenario 3");
}

// The project's CA, and the GDS's with it.
async function trust() {
	const lists = {
		trustedCertificates: [fs.readFileSync("ca.der"), fs.readFileSync("gds.der")],
		trustedCrls: [fs.readFileSync("crl.der"), fs.readFileSync("gds.crl.der")],
		issuerCertificates: [], issuerCrls: [],
	};

	await withSession(TRUST, admin, async (session) => {
		assert.strictEqual(await setList(session, APPLICATION, lists), true);
		await good(session, SERVER, "ApplyChanges");
		const list = await readList(session, APPLICATION);
		const names = (entries) => entries.map((entry) => entry.toString("base64")).sort();
		assert.deepStrictEqual(names(list.trustedCertificates), names(lists.trustedCertificates));
		assert.ok(list.trustedCrls.some((crl) => crl.equals(lists.trustedCrls[1])));
		assert.strictEqual(list.issuerCertificates.length, 0);
	});
	await withSession(TRUST, operator, async () => {});
	console.log("trust list");
}

// While somebody listens, who knows the certificate of before: none of the notifications is lost.
async function listened(push) {
	await withSession({ ...TRUST, tokenRenewalInterval: 500 }, operator, async (session, client) => {
		const counted = new Counted(session);
		let renewals = 0;

		client.on("security_token_renewed", () => renewals++);
		await counted.begin();
		await push();
		const end = renewals + 2;
		await until("renewals after that", () => renewals >= end);
		await counted.more(5);
		assert.deepStrictEqual(counted.wrong, []);
		console.log(`${counted.count} notifications, none lost`);
	});
}

main(async () => {
	await listened(() => second(false, "same.der"));
	await listened(() => second(true, "new.der"));
	assert.ok(!publicKey("same.der").equals(publicKey("new.der")));
	await listened(() => first("PEM", "pem.der"));
	await listened(() => first("PFX", "pfx.der"));
	await listened(trust);
	await third();
});
