/* What keystored's words are for people: purposes, states, keys, reasons, and how soon something ends. */
import { api } from "../../api.js";
import { badge } from "../../ui/badge.js";
import { dateText, daysLeft } from "../../ui/time.js";

const SOON_DAYS = 30;

export const KINDS = [
	{ key: "ca", tab: "authorities", text: "Certificate authorities", short: "Authorities", one: "CA" },
	{ key: "device", tab: "device", text: "Device certificates", short: "Device", one: "device certificate" },
	{ key: "trusted", tab: "trusted", text: "Trusted and root certificates", short: "Trusted", one: "trusted certificate" },
];

export const ALGORITHMS = {
	"rsa-2048": { family: "RSA", length: "2048 bit" },
	"rsa-3072": { family: "RSA", length: "3072 bit" },
	"rsa-4096": { family: "RSA", length: "4096 bit" },
	"ec-p256": { family: "EC", length: "P-256" },
	"ec-p384": { family: "EC", length: "P-384" },
};

/* RFC 5280 5.3.1 in words; the order is how often they are needed. */
export const REASONS = [
	{ value: "superseded", text: "Replaced by another certificate", hint: "superseded" },
	{ value: "cessationOfOperation", text: "No longer used", hint: "cessationOfOperation: the device or service is out of operation" },
	{ value: "keyCompromise", text: "Its private key may be known to others", hint: "keyCompromise: lost, stolen or copied" },
	{ value: "affiliationChanged", text: "Its name or owner has changed", hint: "affiliationChanged" },
	{ value: "privilegeWithdrawn", text: "It may no longer do what it was for", hint: "privilegeWithdrawn" },
	{ value: "certificateHold", text: "On hold, until it is clear", hint: "certificateHold: the only one that can be taken back" },
	{ value: "cACompromise", text: "The key of this CA may be known to others", hint: "cACompromise", isOfCa: true },
	{ value: "unspecified", text: "Another reason", hint: "unspecified" },
];

let titles = null;

/* [{ name, title, … }]; what certificates are for does not change while a page is open. */
export async function profiles() {
	titles ??= api.get("/profiles", { passive: true }).then((answer) => answer.profiles).catch((error) => {
		titles = null;
		throw error;
	});
	const list = await titles;

	for (const { name, title } of list)
		known.set(name, title);
	return list;
}

const known = new Map();

export function profileText(name) {
	return known.get(name) ?? name ?? "";
}

export function reasonText(value) {
	return REASONS.find((reason) => reason.value === value)?.text ?? value ?? "";
}

export function originText(cert) {
	if (!cert.private_key)
		return "Elsewhere";
	return cert.private_key.origin === "imported" ? "Imported" : "TPM";
}

/* "rsa-1024" → "RSA 1024 bit", "ec-p521" → "EC P-521"; what has no name here stays as it is */
export function lengthText(cert) {
	return cert.key.replace(/^(rsa|rsa-pss|dsa)-(\d+)$/, (_, family, bits) => `${family.toUpperCase()} ${bits} bit`)
		.replace(/^ec-p(\d+)$/, "EC P-$1").replace(/^ec-/, "EC ").replace(/^ed/, "Ed");
}

/* "ecdsa-sha256" → "ECDSA SHA-256" */
export function signatureText(cert) {
	return (cert.signature_algorithm ?? "").replace(/^(rsa-pss|rsa|ecdsa)-sha(\d+)$/, (_, family, bits) =>
		`${family.toUpperCase()} SHA-${bits}`);
}

/* "active" is not enough for one that ends tomorrow. */
export function stateOf(cert) {
	const left = daysLeft(cert.not_after);

	if (cert.state === "requested")
		return { key: "requested", text: "Requested", kind: "info" };
	if (cert.state === "revoked")
		return { key: "revoked", text: "Revoked", kind: "bad" };
	if (cert.state === "expired" || (cert.state === "active" && left <= 0))
		return { key: "expired", text: "Expired", kind: "bad" };
	if (cert.state === "active" && left <= SOON_DAYS)
		return { key: "soon", text: left === 1 ? "1 day left" : `${left} days left`, kind: "warn" };
	if (cert.state === "superseded")
		return { key: "superseded", text: "Superseded", kind: "plain" };
	return { key: "active", text: "Valid", kind: "good" };
}

export function stateBadge(cert) {
	const state = stateOf(cert);

	return badge(state.text, state.kind);
}

export function endText(cert) {
	return cert.state === "requested" ? "" : dateText(cert.not_after);
}

export function nameOf(cert) {
	return cert.common_name || cert.subject || `Certificate ${cert.id}`;
}

/* The common name of a DN as keystored writes it; else all of it. */
export function commonName(dn) {
	return /(?:^|,)CN=((?:\\.|[^,\\])*)/i.exec(dn ?? "")?.[1].replace(/\\(.)/g, "$1") ?? dn ?? "";
}

export function tabOf(kind) {
	return KINDS.find((candidate) => candidate.key === kind)?.tab ?? "device";
}

/* Rules say what is wrong within a sentence; here it is one. */
export function findingText(finding) {
	return finding.text.charAt(0).toUpperCase() + finding.text.slice(1).replace(/\.$/, "");
}
