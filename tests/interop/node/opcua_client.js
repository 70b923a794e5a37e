// What the scripts beside it have in common: a client of node-opcua in the folder of an opcua_site
// (tests/support/opcua_site.h), where OPCUA_URL is the server's.
"use strict";

// node-opcua-pki changes the environment, which disturbs openssl and keystorectl.
const environment = { ...process.env };

const assert = require("assert");
const child = require("child_process");
const fs = require("fs");
const path = require("path");
const opcua = require("node-opcua");
const { OPCUACertificateManager } = require("node-opcua-certificate-manager");
const { MessageBuilderBase } = require("node-opcua-transport");

const url = process.env.OPCUA_URL;
const password = process.env.OPCUA_PASSWORD;
const admin = { type: opcua.UserTokenType.UserName, userName: "admin", password };
const operator = { type: opcua.UserTokenType.UserName, userName: "operator", password };

let clients = 0;

// What an ERR message says is for node-opcua's log alone: who is refused hears that the socket ended.
let told = null;
const { _report_error } = MessageBuilderBase.prototype;
MessageBuilderBase.prototype._report_error = function (statusCode, message) {
	told = statusCode.name;
	return _report_error.call(this, statusCode, message);
};

// Of the shell: what it says.
function sh(script) {
	return child.execFileSync("/bin/sh", ["-ec", script], { env: environment, encoding: "utf8" });
}

// It trusts what files say; its own key is not used but as something to begin with.
async function managerNew(trusted, lists) {
	const rootFolder = path.resolve(`pki.${clients++}`);
	const key = path.join(rootFolder, "own", "private", "private_key.pem");

	fs.mkdirSync(path.dirname(key), { recursive: true });
	fs.copyFileSync("client.key", key);
	const manager = new OPCUACertificateManager({ rootFolder, name: "" });
	await manager.initialize();
	for (const file of trusted) await manager.trustCertificate(fs.readFileSync(file));
	for (const file of lists) await manager.addRevocationList(fs.readFileSync(file));
	return manager;
}

// options: policy, mode, name (of NAME.pem and NAME.key), uri, and whatever OPCUAClient takes.
async function clientNew(options = {}) {
	const { policy, mode, name, uri, trusted, lists, ...others } = {
		policy: "Basic256Sha256", mode: "SignAndEncrypt", name: "client", uri: "urn:plant:client",
		trusted: ["ca.der"], lists: ["crl.der"], ...options,
	};
	const client = opcua.OPCUAClient.create({
		applicationName: name,
		applicationUri: uri,
		securityPolicy: opcua.SecurityPolicy[policy],
		securityMode: opcua.MessageSecurityMode[mode],
		certificateFile: path.resolve(`${name}.pem`),
		privateKeyFile: path.resolve(`${name}.key`),
		clientCertificateManager: await managerNew(trusted, lists),
		connectionStrategy: { maxRetry: 0, initialDelay: 50, maxDelay: 200 },
		endpointMustExist: true,
		...others,
	});

	return client;
}

// A client with a session, both closed when @use has ended.
async function withSession(options, user, use) {
	const client = await clientNew(options);

	try {
		await client.connect(url);
		const session = await client.createSession(user);
		try {
			return await use(session, client);
		} finally {
			await session.close().catch(() => {});
		}
	} finally {
		await client.disconnect().catch(() => {});
	}
}

// The status code that a failure names, or, if it names none, the last ERR message; or the failure.
function statusOf(error) {
	const found = /\bBad[A-Z]\w+/.exec(error.response ? error.response.responseHeader.serviceResult.name
		: error.message);

	return found ? found[0] : told || String(error);
}

async function refused(what, expected, attempt) {
	let status = "Good";

	told = null;
	try {
		await attempt();
	} catch (error) {
		status = statusOf(error);
	}
	assert.ok([].concat(expected).includes(status), `${what}: ${status}, not ${expected}`);
	console.log(`${what}: ${status}`);
}

async function readValue(session, nodeId) {
	const value = await session.read({ nodeId, attributeId: opcua.AttributeIds.Value });

	assert.ok(value.statusCode.isGood(), `${nodeId}: ${value.statusCode.name}`);
	return value.value.value;
}

// A subscription of the server's clock: how many notifications came, and what was wrong with them.
class Counted {
	constructor(session) {
		this.count = 0;
		this.wrong = [];
		this.last = 0;
		this.subscription = opcua.ClientSubscription.create(session, {
			requestedPublishingInterval: 50, requestedLifetimeCount: 1000,
			requestedMaxKeepAliveCount: 20, publishingEnabled: true,
		});
		this.subscription.on("raw_notification", (message) => this.#take(message));
		this.subscription.on("terminated", () => this.wrong.push("the subscription has ended"));
	}

	#take(message) {
		if (!message.notificationData.length) return;
		if (this.last && message.sequenceNumber !== this.last + 1)
			this.wrong.push(`${message.sequenceNumber} after ${this.last}`);
		this.last = message.sequenceNumber;
		this.count++;
	}

	async begin() {
		await new Promise((done) => this.subscription.once("started", done));
		await this.subscription.monitor(
			{ nodeId: "i=2258", attributeId: opcua.AttributeIds.Value },
			{ samplingInterval: 50, queueSize: 10, discardOldest: true },
			opcua.TimestampsToReturn.Both);
		await this.more(3);
	}

	// Until so many more have come.
	async more(count) {
		const end = this.count + count;

		await until(`${count} more notifications`, () => this.count >= end);
	}
}

// Until @holds, looked at whenever something has happened or 20 ms have gone by.
async function until(what, holds) {
	const end = Date.now() + 60000;

	while (!await holds()) {
		assert.ok(Date.now() < end, `this has not come: ${what}`);
		await new Promise((done) => setTimeout(done, 20));
	}
}

// Runs @work; the process ends then, whatever node-opcua still has in mind.
function main(work) {
	work().then(() => process.exit(0), (error) => {
		console.error(error);
		process.exit(1);
	});
}

module.exports = {
	Counted, admin, assert, clientNew, fs, main, opcua, operator, password, readValue, refused, sh, statusOf,
	until, url, withSession,
};
