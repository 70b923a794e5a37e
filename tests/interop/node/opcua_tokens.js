// node opcua_tokens.js POLICY:MODE: who is let in, and as whom. user.pem is trusted and names operator,
// nobody-trusts.pem is not, other.pem names nobody.
"use strict";

const { readCertificate } = require("node-opcua-crypto");
const { assert, fs, main, opcua, operator, password, readValue, refused, withSession } =
	require("./opcua_client");

const [policy, mode] = process.argv[2].split(":");
const { UserTokenType } = opcua;

const byName = (userName, secret) => ({ type: UserTokenType.UserName, userName, password: secret });
const byCertificate = (name, key) => ({
	type: UserTokenType.Certificate,
	certificateData: readCertificate(`${name}.pem`),
	privateKey: fs.readFileSync(`${key || name}.key`, "utf8"),
});
const come = (user) => () => withSession({ policy, mode }, user, (session) => readValue(session, "i=2259"));
const seen = (session, nodeId) => session.read({ nodeId, attributeId: opcua.AttributeIds.Value });

// What a login may is keystored's; what anybody may is AnonymousRights.
async function rights(what, user, expected) {
	await withSession({ policy, mode }, user, async (session) => {
		const namespaces = await readValue(session, "i=2255");
		const index = namespaces.indexOf("urn:keystored:opcua");
		const tpm = await seen(session, `ns=${index};s=Keystore/Tpm/State`);
		const cert = await seen(session, `ns=${index};s=Keystore/Certificates/3/Subject`);

		assert.deepStrictEqual([tpm.statusCode.name, cert.statusCode.name], expected, what);
		console.log(`${what}: ${expected}`);
	});
}

main(async () => {
	await rights("operator", operator, ["Good", "Good"]);
	await rights("user certificate", byCertificate("user"), ["Good", "Good"]);
	await rights("anonymous", { type: UserTokenType.Anonymous }, ["Good", "BadUserAccessDenied"]);
	await refused("a wrong password", "BadIdentityTokenRejected", come(byName("operator", `${password}0`)));
	await refused("an unknown user", "BadIdentityTokenRejected", come(byName("somebody", password)));
	await refused("a user without the right", "BadUserAccessDenied", come(byName("nobody", password)));
	await refused("a certificate that is not trusted", "BadIdentityTokenRejected",
		come(byCertificate("nobody-trusts")));
	await refused("a certificate of no user", "BadIdentityTokenRejected",
		come(byCertificate("other")));
	await refused("somebody else's key", ["BadIdentityTokenRejected", "BadUserSignatureInvalid"],
		come(byCertificate("user", "other")));
});
