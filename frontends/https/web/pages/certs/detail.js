/* All about one certificate, and what can be done with it. */
import { api, part } from "../../api.js";
import { live } from "../../live.js";
import { link } from "../../router.js";
import { session } from "../../session.js";
import { badge } from "../../ui/badge.js";
import { copyable, inPairs } from "../../ui/copy.js";
import { h, replace } from "../../ui/dom.js";
import { icon } from "../../ui/icons.js";
import { makeMenu } from "../../ui/menu.js";
import { facts, failure, skeleton } from "../../ui/page.js";
import { smallTable } from "../../ui/table.js";
import { date, dateText, daysLeft, relative, time, timeText } from "../../ui/time.js";
import { toastError } from "../../ui/toast.js";
import { crlPart } from "./authority.js";
import { chainKey, chainPart } from "./chain.js";
import { exportMenu } from "./export.js";
import { readDer } from "./der.js";
import { KINDS, findingText, lengthText, nameOf, profileText, reasonText, signatureText, stateBadge, stateOf } from "./words.js";

const LATER_MS = 2000; /* while somebody is in a menu */

const action = (name, fn) => (...args) => import(`./${name}.js`).then((module) => module[fn](...args)).catch(toastError);
const openRenew = action("renew", "openRenew");
const openReplace = action("replace", "openReplace");
const openRequest = action("request", "openRequest");
const openRenewal = action("renewal", "openRenewal");
const openRevoke = action("revoke", "openRevoke");
const openDelete = action("revoke", "openDelete");
const openAssign = action("assign", "openAssign");

function actions(cert, store) {
	const mayManage = session.may("manage-certs");
	const isRequested = cert.state === "requested";
	const hasKey = Boolean(cert.private_key);
	const csr = () => api.download(part`/certs/${cert.id}/file`, { query: { format: "csr" } }).catch(toastError);
	const buttons = [];

	if (cert.request_created) {
		buttons.push(h("button", { type: "button", onclick: csr }, icon("download"), "Download CSR"));
		if (mayManage)
			buttons.unshift(h("button.primary", { type: "button", onclick: () => openReplace(cert, store, { isAnswer: true }) },
					  icon("upload"), "Upload answer"));
	}
	if (mayManage && hasKey && !cert.request_created && cert.state !== "revoked")
		buttons.push(isSignedHere(cert, store)
			? h("button.primary", { type: "button", onclick: () => openRenew(cert, store) }, icon("refresh"), "Renew")
			: h("button.primary", { type: "button", onclick: () => openRequest(cert, store) }, icon("refresh"), "Request renewal"));
	if (!isRequested)
		buttons.push(exportMenu(cert));
	if (mayManage)
		buttons.push(makeMenu({ label: "More actions for this certificate", symbol: "more", items: [
			...(hasKey && cert.kind === "device" ? [{ text: "Assign to a service…", hint: "Which program uses it", icon: "services", run: () => openAssign(cert, store) }] : []),
			...(hasKey && !isRequested ? [{ text: "Replace…", hint: "By a PKCS#12 or a certificate from elsewhere; the ID stays", icon: "upload", run: () => openReplace(cert, store, {}) }] : []),
			...(hasKey && cert.kind === "device" && !isRequested ? [{ text: "Request from another CA…", hint: "A CSR for its next version", icon: "file", run: () => openRequest(cert, store) }] : []),
			...(hasKey && !isRequested ? [{ text: "Automatic renewal…", hint: "When it is renewed by itself", icon: "clock", run: () => openRenewal(cert, store) }] : []),
			null,
			...(!isRequested && cert.state !== "revoked" && isOurs(cert, store) ? [{ text: "Revoke…", icon: "revoke", danger: true, run: () => openRevoke(cert, store) }] : []),
			{ text: "Delete…", icon: "trash", danger: true, run: () => openDelete(cert, store) },
		] }));
	return buttons;
}

/* Then a renewal is made here; else a CA elsewhere has to be asked. */
function isSignedHere(cert, store) {
	return cert.issuer_id === cert.id || isOurs(cert, store);
}

/* Only what a CA here has issued stands in a list that is ours. */
function isOurs(cert, store) {
	const issuer = store.byId(cert.issuer_id);

	return Boolean(issuer?.private_key && issuer.kind === "ca" && issuer.id !== cert.id);
}

function detailPart(title, ...children) {
	return h("section.detail-part", { "aria-label": title }, h("h3", {}, title), children);
}

function lifePart(cert) {
	const from = Date.parse(cert.not_before);
	const to = Date.parse(cert.not_after);
	const done = Math.min(100, Math.max(0, (Date.now() - from) / (to - from) * 100));
	const state = stateOf(cert);
	const bar = h("span", { style: { width: `${done}%` } });
	const left = daysLeft(cert.not_after);

	return detailPart("Validity",
		h("div.life", { class: { warn: "life-warn", bad: "life-bad" }[state.kind] ?? null },
		  h("div", {}, h("b", {}, left > 0 ? `Ends ${relative(cert.not_after)}` : `Ended ${relative(cert.not_after)}`)),
		  h("div.life-bar", { "aria-hidden": "true" }, bar),
		  h("div.life-ends", {}, h("span", {}, date(cert.not_before)), h("span", {}, date(cert.not_after)))),
		cert.state === "revoked" ? h("div.note.note-bad", {}, h("p", {}, h("b", {}, `Revoked ${timeText(cert.revoked_at)}. `), reasonText(cert.revocation_reason), ".")) : null,
		cert.names_note ? h("div.note.note-warn", {}, h("p", {}, findingText({ text: cert.names_note }), ".")) : null,
		cert.renewal && cert.private_key ? h("p.muted", {}, cert.renewal.at
			? [`Renewed by itself on ${dateText(cert.renewal.at)}`, cert.renewal.new_key ? ", with a new key." : "."]
			: "Not renewed by itself.") : null);
}

function keyText(cert) {
	const key = cert.private_key;

	if (!key)
		return ["Elsewhere", cert.key ? h("span.muted", {}, ` (public key: ${lengthText(cert)})`) : null];
	return [lengthText(cert), ", ",
		key.origin === "tpm" ? "made in this device’s TPM" : "imported into this device’s TPM",
		h("span.muted", {}, ` (key ${key.name})`)];
}

function namePart(cert, der) {
	return detailPart("Certificate", facts([
		["Subject", cert.subject],
		der?.names.length ? ["Names (SAN)", h("ul.plain", {}, der.names.map((name) => h("li", {}, h("span.muted", {}, `${name.type} `), name.value)))] : null,
		["Issuer", cert.issuer_id === cert.id ? "Self-signed" : cert.issuer],
		["Private key", keyText(cert)],
		["Signature", signatureText(cert)],
		cert.serial ? ["Serial number", copyable(cert.serial, "serial number")] : null,
		cert.fingerprint ? ["SHA-256 fingerprint", copyable(inPairs(cert.fingerprint), "fingerprint")] : null,
		cert.version ? ["Version", `${cert.version}, since ${timeText(cert.created)}`] : null,
	]));
}

function historyPart(cert) {
	const states = { active: ["Valid", "good"], superseded: ["Superseded", "plain"], revoked: ["Revoked", "bad"], expired: ["Expired", "bad"] };

	if (!cert.history?.length)
		return null;
	return detailPart("History", smallTable({
		label: "Versions of this certificate", heads: ["Version", "State", "Valid, and serial number"],
		rows: cert.history.map((version) => [version.version,
			badge(...(states[version.state] ?? [version.state])),
			h("span", {}, date(version.not_before), " – ", date(version.not_after), h("small.mono", {}, version.serial))]),
	}));
}

function requestPart(cert) {
	if (!cert.request_created)
		return null;
	return h("section.detail-part", {}, h("div.note", {},
		h("p", {}, h("b", {}, "A CSR waits for its answer"), " since ", time(cert.request_created), "."),
		h("p", {}, "Download the CSR, have it signed by the other CA, and upload what comes back. The private key stays here.")));
}

async function checkPart(cert, signal) {
	const { findings } = await api.get(part`/certs/${cert.id}/check`, { passive: true, signal });

	if (!findings.length)
		return null;
	return detailPart("Rules it breaks", findings.map((finding) =>
		h("div.finding", { class: finding.severity === "error" ? "finding-error" : null }, icon(finding.severity === "error" ? "error" : "warn"),
		  h("div", {}, `${findingText(finding)}.`, h("small", {}, [finding.rule, finding.clause].filter(Boolean).join(" · "))))));
}

async function usePart(cert, store, signal) {
	const { services } = await api.get("/services", { passive: true, signal });
	const users = services.filter((service) => service.cert_id === cert.id);

	return detailPart("Used by", users.length
		? h("ul.plain", {}, users.map((service) => h("li", {}, h("a", { href: link("services", service.name) }, service.name))))
		: h("p.muted", {}, "No service yet. ", session.may("manage-services")
			? h("button.small", { type: "button", onclick: () => openAssign(cert, store) }, "Assign") : null));
}

/* What comes later has its place, in order. */
function later(promise) {
	const place = h("div");

	promise.then((node) => node && place.replaceWith(node), () => place.remove());
	return place;
}

export function certDetail({ id, store, signal, title, close }) {
	const box = h("div", {}, h("div.detail-part", {}, skeleton(6)));
	let shown = "";
	let drawn = null;
	let chain = "";
	let listed = "";

	async function load(passive, { isAnew = false } = {}) {
		if (signal.aborted)
			return;
		try {
			const cert = await api.get(part`/certs/${id}`, { passive, signal });
			const state = JSON.stringify(cert);

			/* Drawn anew only if something has changed: somebody may be reading it, or be in a menu. */
			if (isAnew && box.querySelector(":popover-open"))
				setTimeout(load, LATER_MS, true, { isAnew });
			else if (state !== shown || isAnew)
				draw(cert);
			shown = state;
		} catch (error) {
			if (error.name !== "AbortError" && (!shown || error.status === 404))
				replace(box, back(), closeButton(), failure(error.status === 404 ? Object.assign(error, { message: `There is no certificate ${id}. It may have been deleted.` }) : error,
								    error.status === 404 ? null : () => load(false)));
		}
	}

	function closeButton() {
		return h("button.quiet.icon-only.detail-close", { type: "button", "aria-label": "Close", onclick: close }, icon("close"));
	}

	function back(kind) {
		return h("button.quiet.detail-back", { type: "button", onclick: close }, icon("left", 16), kind?.text ?? "Certificates");
	}

	function draw(cert) {
		const der = readDer(cert.pem);
		const hadFocus = box.contains(document.activeElement) || !shown;
		const head = h("h2", { tabindex: "-1" }, nameOf(cert));

		const kind = KINDS.find((one) => one.key === cert.kind);

		title(nameOf(cert));
		drawn = cert;
		chain = chainKey(cert, store);
		replace(box,
			h("div.detail-head", {}, back(kind),
			  h("div", {}, head, h("div.detail-kind", {}, stateBadge(cert),
				h("span", {}, `ID ${cert.id}`), h("span", {}, profileText(cert.profile) || kind?.one))),
			  closeButton(), h("div.actions", {}, actions(cert, store))),
			requestPart(cert),
			cert.state === "requested" ? null : lifePart(cert),
			cert.state === "requested" ? null : later(checkPart(cert, signal)),
			cert.kind === "device" ? later(usePart(cert, store, signal)) : null,
			namePart(cert, der),
			cert.state === "requested" ? null : detailPart("Chain", chainPart(cert, store)),
			cert.kind === "ca" && cert.private_key ? later(crlPart(cert, store, signal, detailPart)) : null,
			historyPart(cert));
		if (hadFocus)
			head.focus({ preventScroll: true });
	}

	/* The list's is asked for anew when it has changed; its issuers may come after it. */
	function listChanged() {
		const now = JSON.stringify(store.byId(id) ?? null);

		if (now !== listed && listed)
			load(true);
		else if (drawn && chainKey(drawn, store) !== chain)
			draw(drawn);
		listed = now;
	}

	/* What uses it, and its list, are no part of the certificate. */
	live.refresh(["service", "crl"], () => load(true, { isAnew: true }), { signal });
	store.events.addEventListener("change", listChanged, { signal });
	listChanged();
	load(false);
	return box;
}
