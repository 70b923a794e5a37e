// node judge.js PLAN: whether node-opcua judges certificates as PLAN says, in lines of
//   STATUS CERT [trusted:FILE|issuer:FILE|crl:FILE|uri:URI]...
// Files are DER, beside PLAN; STATUS is what OPCUACertificateManager.checkCertificate() says, or
// BadCertificateUriInvalid for another application URI. Prints how many lines were right.
"use strict";

const fs = require("fs");
const os = require("os");
const path = require("path");
const { OPCUACertificateManager } = require("node-opcua-certificate-manager");
const crypto = require("node-opcua-crypto");

const plan = process.argv[2];
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "keystored-node."));
const privateKey = path.join("own", "private", "private_key.pem");

const read = (name) => fs.readFileSync(path.join(path.dirname(plan), name));

// Each judges by nothing but its own lists. Its private key is not used: one does for all.
async function managerNew(number) {
	const rootFolder = path.join(scratch, String(number));
	const first = path.join(scratch, "0", privateKey);

	if (number > 0) {
		fs.mkdirSync(path.dirname(path.join(rootFolder, privateKey)), { recursive: true });
		fs.copyFileSync(first, path.join(rootFolder, privateKey));
	}
	const manager = new OPCUACertificateManager({ rootFolder });
	await manager.initialize();
	return manager;
}

// As its server compares it with the URI of the session that is asked for.
function applicationUri(cert) {
	const names = crypto.exploreCertificate(cert).tbsCertificate.extensions.subjectAltName;
	return names.uniformResourceIdentifier[0];
}

async function judge(manager, cert, given) {
	for (const file of given.trusted) await manager.trustCertificate(read(file));
	for (const file of given.issuer) await manager.addIssuer(read(file));
	for (const file of given.crl) {
		const status = await manager.addRevocationList(read(file));
		if (status !== "Good") throw new Error(`${file} is taken for no CRL: ${status}`);
		if (!given.trusted.concat(given.issuer).some((ca) =>
			crypto.verifyCertificateRevocationListSignature(read(file), read(ca))))
			throw new Error(`${file} is signed by none of the CAs`);
	}
	const status = (await manager.checkCertificate(cert)).name;
	if (status !== "Good") return status;
	return given.uri.includes(applicationUri(cert)) ? "Good" : "BadCertificateUriInvalid";
}

async function main() {
	const lines = fs.readFileSync(plan, "utf8").trim().split("\n");
	let right = 0;

	for (const [number, line] of lines.entries()) {
		const [expected, name, ...rest] = line.split(" ");
		const given = { trusted: [], issuer: [], crl: [], uri: [] };
		for (const option of rest) {
			const colon = option.indexOf(":");
			given[option.slice(0, colon)].push(option.slice(colon + 1));
		}
		const manager = await managerNew(number);
		const status = await judge(manager, read(name), given).catch((error) => error.stack);
		await manager.dispose();
		if (status === expected) right++;
		else console.log(`${line}\n  node-opcua says: ${status}`);
	}
	console.log(`${right} of ${lines.length} as expected`);
	process.exitCode = right === lines.length ? 0 : 1;
}

main().finally(() => fs.rmSync(scratch, { recursive: true }));
