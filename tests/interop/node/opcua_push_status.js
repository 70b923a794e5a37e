// node opcua_push_status.js: every row of ServerConfiguration's status codes (OPC 10000-12 7.8.2, 7.10).
"use strict";

const crypto = require("crypto");
const { admin, assert, fs, main, opcua, operator, sh, withSession } = require("./opcua_client");
const {
	APPLICATION, HTTPS, RSA, SERVER, TRUST, USERS, WEB, bad, bytes, call, encode, flag, gds, good, id,
	many, mode, nodeOf, number, openList, readList, short, text, texts, writeList,
} = require("./opcua_gds");

const LIST = `${APPLICATION}_TrustList`;
const NONE = "i=0";
const nonce = () => bytes(crypto.randomBytes(32));
const csr = (group, type, isNew, more) => [id(group), id(type), text(""), flag(isNew),
	more || bytes(Buffer.alloc(0))];
const update = (group, type, cert, issuers, format, key) => [id(group), id(type), bytes(cert),
	many(issuers), text(format || ""), bytes(key || Buffer.alloc(0))];
const thumbprint = (der) => crypto.createHash("sha1").update(der).digest("hex");

// Asks for a certificate, and has it signed.
async function signed(session) {
	const [request] = await good(session, SERVER, "CreateSigningRequest", ...csr(APPLICATION, RSA, false));

	fs.writeFileSync("status.csr", request);
	gds("gds_sign status.csr status.der");
	return update(APPLICATION, RSA, fs.readFileSync("status.der"), [fs.readFileSync("gds.der")]);
}

async function channels() {
	const cert = fs.readFileSync("ca.der");

	await withSession({ ...TRUST, policy: "None", mode: "None" }, admin, async (session) => {
		await bad("BadSecurityModeInsufficient", session, SERVER, "ApplyChanges");
		await bad("BadSecurityModeInsufficient", session, SERVER, "GetRejectedList");
		await bad("BadSecurityModeInsufficient", session, LIST, "Open", mode(1));
		await bad("BadSecurityModeInsufficient", session, SERVER, "CreateSigningRequest",
			...csr(APPLICATION, RSA, false));
	});
	await withSession({ ...TRUST, mode: "Sign" }, admin, async (session) => {
		await bad("BadSecurityModeInsufficient", session, SERVER, "CreateSigningRequest",
			...csr(APPLICATION, RSA, false));
		await bad("BadSecurityModeInsufficient", session, SERVER, "UpdateCertificate",
			...update(APPLICATION, RSA, cert, []));
		await good(session, SERVER, "GetRejectedList");
	});
}

async function users() {
	await withSession(TRUST, operator, async (session) => {
		await bad("BadUserAccessDenied", session, SERVER, "ApplyChanges");
		await bad("BadUserAccessDenied", session, SERVER, "CancelChanges");
		await bad("BadUserAccessDenied", session, SERVER, "GetRejectedList");
		await bad("BadUserAccessDenied", session, SERVER, "CreateSigningRequest",
			...csr(APPLICATION, RSA, false));
		await bad("BadUserAccessDenied", session, SERVER, "UpdateCertificate",
			...update(APPLICATION, RSA, fs.readFileSync("ca.der"), []));
		await bad("BadUserAccessDenied", session, LIST, "Open", mode(6));
	});
}

async function requests(session) {
	await bad("BadInvalidArgument", session, SERVER, "CreateSigningRequest", ...csr("i=2253", RSA, false));
	await bad("BadInvalidArgument", session, SERVER, "CreateSigningRequest",
		...csr(APPLICATION, "i=23538", false));
	await bad("BadInvalidArgument", session, SERVER, "CreateSigningRequest", ...csr(APPLICATION, RSA, true));
	await bad("BadInvalidArgument", session, SERVER, "CreateSigningRequest",
		...csr(APPLICATION, RSA, true, bytes(crypto.randomBytes(31))));
	// No group is the application's.
	const [request] = await good(session, SERVER, "CreateSigningRequest", ...csr(NONE, RSA, true, nonce()));
	assert.ok(request.length > 500);
}

async function certificates(session) {
	const staged = await signed(session);
	const cert = staged[2].value;
	const der = fs.readFileSync("gds.der");
	const { privateKey } = crypto.generateKeyPairSync("rsa", { modulusLength: 2048 });
	const other = Buffer.from(privateKey.export({ type: "pkcs8", format: "pem" }));

	await bad("BadInvalidArgument", session, SERVER, "UpdateCertificate", ...update("i=2253", RSA, cert, [der]));
	await bad("BadInvalidArgument", session, SERVER, "UpdateCertificate",
		...update(APPLICATION, WEB, cert, [der]));
	await bad("BadCertificateInvalid", session, SERVER, "UpdateCertificate",
		...update(APPLICATION, RSA, Buffer.from("no certificate"), [der]));
	await bad("BadCertificateInvalid", session, SERVER, "UpdateCertificate",
		...update(APPLICATION, RSA, Buffer.alloc(0), [der]));
	await bad("BadNotSupported", session, SERVER, "UpdateCertificate",
		...update(APPLICATION, RSA, cert, [der], "DER", other));
	await bad("BadNotSupported", session, SERVER, "UpdateCertificate",
		...update(APPLICATION, RSA, cert, [der], "PEM", Buffer.from("no key")));
	// Its issuer did not sign it.
	const broken = Buffer.from(cert);
	broken[broken.length - 1] ^= 1;
	await bad("BadCertificateInvalid", session, SERVER, "UpdateCertificate",
		...update(APPLICATION, RSA, broken, [der]));
	// A key that is another's.
	await bad("BadCertificateInvalid", session, SERVER, "UpdateCertificate",
		...update(APPLICATION, RSA, cert, [der], "PEM", other));
	// Somebody else's certificate, whose key nobody here has.
	await bad("BadCertificateInvalid", session, SERVER, "UpdateCertificate",
		...update(APPLICATION, RSA, fs.readFileSync("client.der"), [fs.readFileSync("ca.der")]));
	await bad("BadNothingToDo", session, SERVER, "ApplyChanges");
	await bad("BadInvalidState", session, SERVER, "CreateSelfSignedCertificate", id(APPLICATION), id(RSA),
		text("CN=gateway/O=Plant"), texts(["localhost"]), texts([]), short(100), short(2048));
	await bad("BadInvalidState", session, SERVER, "DeleteCertificate", id(HTTPS), id(WEB));
}

// Two who push at once.
async function transactions(session) {
	const staged = await signed(session);

	await good(session, SERVER, "UpdateCertificate", ...staged);
	await withSession(TRUST, admin, async (second) => {
		await bad("BadTransactionPending", second, SERVER, "UpdateCertificate", ...staged);
		await bad("BadTransactionPending", second, SERVER, "CreateSigningRequest",
			...csr(APPLICATION, RSA, false));
		await bad("BadTransactionPending", second, SERVER, "ApplyChanges");
		await bad("BadTransactionPending", second, LIST, "Open", mode(6));
		await bad("BadTransactionPending", second, LIST, "AddCertificate",
			bytes(fs.readFileSync("gds.der")), flag(true));
	});
	// One's own, too.
	await bad("BadTransactionPending", session, LIST, "AddCertificate",
		bytes(fs.readFileSync("gds.der")), flag(true));
	await bad("BadTransactionPending", session, LIST, "RemoveCertificate",
		text(thumbprint(fs.readFileSync("ca.der"))), flag(true));
	await good(session, SERVER, "CancelChanges");
	await bad("BadNothingToDo", session, SERVER, "CancelChanges");
	await bad("BadNothingToDo", session, SERVER, "ApplyChanges");
}

async function lists(session) {
	const ca = fs.readFileSync("ca.der");
	const der = fs.readFileSync("gds.der");

	for (const wrong of [0, 2, 3, 4, 7, 9, 14])
		await bad("BadNotSupported", session, LIST, "Open", mode(wrong));
	const handle = await openList(session, APPLICATION);
	await bad("BadInvalidState", session, SERVER, "ApplyChanges");
	await bad("BadInvalidState", session, LIST, "AddCertificate", bytes(der), flag(true));
	await bad("BadInvalidState", session, LIST, "RemoveCertificate", text(thumbprint(ca)), flag(true));
	await bad("BadNotReadable", session, LIST, "Open", mode(1));
	await bad("BadNotWritable", session, LIST, "Open", mode(6));
	await bad("BadInvalidArgument", session, LIST, "Close", number(handle + 1));
	// node-opcua's own client sends one argument too many.
	await bad("BadTooManyArguments", session, LIST, "CloseAndUpdate", number(handle), flag(true));
	await bad("BadArgumentsMissing", session, LIST, "CloseAndUpdate");
	await writeList(session, APPLICATION, handle, Buffer.from("no trust list"));
	await bad("BadCertificateInvalid", session, LIST, "CloseAndUpdate", number(handle));
	await bad("BadCertificateInvalid", session, LIST, "AddCertificate", bytes(der), flag(false));
	await bad("BadCertificateInvalid", session, LIST, "AddCertificate", bytes(Buffer.from("none")), flag(true));
	await bad("BadInvalidArgument", session, LIST, "RemoveCertificate", text("00".repeat(20)), flag(true));
}

// A CA that another of the list needs, a list without whoever pushes it.
async function lockedOut(session) {
	const der = fs.readFileSync("gds.der");
	const first = await openList(session, APPLICATION);

	await writeList(session, APPLICATION, first, encode({ trustedCertificates: [der], trustedCrls: [],
		issuerCertificates: [], issuerCrls: [] }));
	const { statusCode } = await call(session, LIST, "CloseAndUpdate", number(first));
	assert.ok(statusCode.name.startsWith("Bad"), "a list that locks out whoever pushes it is taken");
	console.log(`CloseAndUpdate without oneself: ${statusCode.name}`);
	const list = await readList(session, APPLICATION);
	assert.ok(list.trustedCertificates.some((entry) => entry.equals(fs.readFileSync("ca.der"))));
}

async function needed(session) {
	sh("keystorectl trust add opcua-user ca.der > /dev/null; keystorectl trust add opcua-user client.pem "
		+ "> /dev/null");
	await bad("BadCertificateChainIncomplete", session, `${USERS}_TrustList`, "RemoveCertificate",
		text(thumbprint(fs.readFileSync("ca.der"))), flag(true));
}

async function tooLarge(session) {
	const max = await session.read({ nodeId: nodeOf(`${SERVER}_MaxTrustListSize`),
		attributeId: opcua.AttributeIds.Value });
	const handle = await openList(session, APPLICATION);
	const part = Buffer.alloc(30000);
	let status = "Good";

	for (let at = 0; at <= max.value.value && status === "Good"; at += part.length)
		status = (await call(session, LIST, "Write", number(handle), bytes(part))).statusCode.name;
	assert.strictEqual(status, "BadRequestTooLarge");
	console.log(`Write of more than ${max.value.value} bytes: ${status}`);
	await good(session, LIST, "Close", number(handle));
}

main(async () => {
	await channels();
	await users();
	await withSession(TRUST, admin, async (session) => {
		for (const part of [requests, certificates, transactions, lists, lockedOut, needed, tooLarge])
			await part(session);
	});
});
