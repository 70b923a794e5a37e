// What the scripts beside it know of ServerConfiguration (OPC 10000-12 7.10). node-opcua's own client
// for it is used where it works: its trust lists are not.
"use strict";

const { assert, clientNew, fs, opcua, sh, until, url } = require("./opcua_client");
const { BinaryStream } = require("node-opcua-binary-stream");
const { TrustListDataType } = require("node-opcua-types");

const { DataType, VariantArrayType } = opcua;
const SERVER = "ServerConfiguration";
const groupOf = (name) => `${SERVER}_CertificateGroups_${name}`;
const APPLICATION = groupOf("DefaultApplicationGroup");
const HTTPS = groupOf("DefaultHttpsGroup");
const USERS = groupOf("DefaultUserTokenGroup");
const RSA = "i=12560";
const WEB = "i=12558";
// Of OPC 10000-12 v1.05, which node-opcua has no names for.
const NUMBERS = {
	CreateSelfSignedCertificate: "i=19342", DeleteCertificate: "i=19345", GetCertificates: "i=32333",
	CancelChanges: "i=25708", ResetToServerDefaults: "i=25709",
};

const id = (value) => ({ dataType: DataType.NodeId, value: nodeOf(value) });
const text = (value) => ({ dataType: DataType.String, value });
const texts = (value) => ({ dataType: DataType.String, arrayType: VariantArrayType.Array, value });
const flag = (value) => ({ dataType: DataType.Boolean, value });
const bytes = (value) => ({ dataType: DataType.ByteString, value });
const many = (value) => ({ dataType: DataType.ByteString, arrayType: VariantArrayType.Array, value });
const number = (value) => ({ dataType: DataType.UInt32, value });
const short = (value) => ({ dataType: DataType.UInt16, value });
const mode = (value) => ({ dataType: DataType.Byte, value });

// Objects by name; node-opcua has methods' in a table of its own.
function nodeOf(name) {
	const value = name.startsWith("i=") ? name
		: `i=${opcua.ObjectIds[name] || opcua.MethodIds[name] || opcua.VariableIds[name]}`;

	return opcua.resolveNodeId(value);
}

// What is below @node, as /TrustList/Open.
async function below(session, node, path) {
	const result = await session.translateBrowsePath(opcua.makeBrowsePath(node, path));

	assert.ok(result.statusCode.isGood(), `${node}${path}: ${result.statusCode.name}`);
	return result.targets[0].targetId;
}

async function call(session, object, method, ...inputArguments) {
	const [name, list] = object.split("_TrustList");
	const objectId = list === undefined ? nodeOf(name) : await below(session, nodeOf(name), "/TrustList");
	const methodId = NUMBERS[method] ? nodeOf(NUMBERS[method])
		: await below(session, objectId, `/${method}`);

	return session.call({ objectId, methodId, inputArguments });
}

// What it gives, as it must.
async function good(session, object, method, ...inputs) {
	const result = await call(session, object, method, ...inputs);

	assert.ok(result.statusCode.isGood(), `${method}: ${result.statusCode.name}`);
	return (result.outputArguments || []).map((output) => output.value);
}

async function bad(expected, session, object, method, ...inputs) {
	const { statusCode } = await call(session, object, method, ...inputs);

	assert.strictEqual(statusCode.name, expected, method);
	console.log(`${method}: ${expected}`);
}

// lists: { trustedCertificates, trustedCrls, issuerCertificates, issuerCrls }; those that are absent are
// not specified.
function encode(lists) {
	const names = ["trustedCertificates", "trustedCrls", "issuerCertificates", "issuerCrls"];
	const list = new TrustListDataType({
		specifiedLists: names.reduce((mask, name, bit) => mask | (lists[name] ? 1 << bit : 0), 0),
		...lists,
	});
	const stream = new BinaryStream(list.binaryStoreSize());

	list.encode(stream);
	return stream.buffer;
}

async function readList(session, group) {
	const list = `${group}_TrustList`;
	const [handle] = await good(session, list, "Open", mode(1));
	const parts = [];

	for (;;) {
		const [part] = await good(session, list, "Read", number(handle), {
			dataType: DataType.Int32, value: 30000,
		});
		if (!part || !part.length) break;
		parts.push(part);
	}
	await good(session, list, "Close", number(handle));
	const read = new TrustListDataType();
	read.decode(new BinaryStream(Buffer.concat(parts)));
	return read;
}

async function openList(session, group) {
	const [handle] = await good(session, `${group}_TrustList`, "Open", mode(6));

	return handle;
}

async function writeList(session, group, handle, content) {
	const list = `${group}_TrustList`;

	for (let at = 0; at < content.length; at += 30000)
		await good(session, list, "Write", number(handle), bytes(content.subarray(at, at + 30000)));
}

// Replaces it; what the server says of ApplyChanges.
async function setList(session, group, lists) {
	const handle = await openList(session, group);

	await writeList(session, group, handle, encode(lists));
	const [hasToBeApplied] = await good(session, `${group}_TrustList`, "CloseAndUpdate", number(handle));
	return hasToBeApplied;
}

// Clients of a server whose certificate may be the project's or the GDS's.
const TRUST = { trusted: ["ca.der", "gds.der"], lists: ["crl.der", "gds.crl.der"] };

async function shown() {
	const client = await clientNew(TRUST);

	try {
		await client.connect(url);
		return client.serverCertificate;
	} finally {
		await client.disconnect();
	}
}

async function untilShown(file) {
	const der = fs.readFileSync(file);

	await until(`${file} in the server's endpoints`, async () => {
		const cert = await shown();

		return cert.subarray(0, der.length).equals(der);
	});
}

const gds = (command) => sh(`. ${__dirname}/gds.sh; ${command}`);

module.exports = {
	APPLICATION, HTTPS, RSA, SERVER, TRUST, USERS, WEB, bad, bytes, call, encode, flag, gds, good, id,
	many, mode, nodeOf, number, openList, readList, setList, short, text, texts, untilShown, writeList,
};
