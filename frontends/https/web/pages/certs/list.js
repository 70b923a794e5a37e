/* The columns of a list of certificates, and the chips that choose by state. */
import { link } from "../../router.js";
import { h } from "../../ui/dom.js";
import { makeTable } from "../../ui/table.js";
import { time } from "../../ui/time.js";
import { commonName, endText, lengthText, nameOf, originText, profileText, signatureText, stateBadge, stateOf,
	 tabOf } from "./words.js";

const STATES = { soon: 1, expired: 0, revoked: 4, requested: 2, active: 3, superseded: 5 };

const CHIPS = [
	{ key: "all", text: "All", test: () => true },
	{ key: "soon", text: "Ends soon", test: (cert) => stateOf(cert).key === "soon" },
	{ key: "expired", text: "Expired", test: (cert) => stateOf(cert).key === "expired" },
	{ key: "revoked", text: "Revoked", test: (cert) => cert.state === "revoked" },
	{ key: "requested", text: "Requested", test: (cert) => cert.state === "requested" },
];

function issuerText(cert) {
	if (!cert.issuer)
		return "";
	return cert.issuer_id === cert.id ? "Self-signed" : commonName(cert.issuer);
}

const columns = [
	{ by: "id", head: "ID", value: (cert) => cert.id, width: "5.5rem", card: null },
	{ by: "common_name", head: "Common name", main: true, card: "title", value: nameOf,
	  search: (cert) => `${nameOf(cert)} ${cert.subject}` },
	{ by: "serial", head: "Serial number", priority: 4, value: (cert) => cert.serial,
	  cell: (cert) => h("span.mono.muted", { title: cert.serial }, cert.serial) },
	{ by: "issuer", head: "Issuer", priority: 2, value: issuerText, search: (cert) => cert.issuer },
	{ by: "not_after", head: "Valid to", card: "meta", width: "9rem",
	  value: (cert) => (cert.state === "requested" ? Infinity : Date.parse(cert.not_after)),
	  search: endText,
	  cell: (cert) => (cert.state === "requested" ? "–" : h("span", { title: time(cert.not_after).title }, endText(cert))) },
	{ by: "profile", head: "Used as", priority: 2, card: "meta", value: (cert) => profileText(cert.profile), width: "12.5rem" },
	{ by: "private_key", head: "Private key", priority: 3, width: "7.5rem", value: originText,
	  search: (cert) => `${originText(cert)} ${cert.private_key?.name ?? ""}` },
	{ by: "signature", head: "Signature algorithm", priority: 4, value: signatureText, width: "11.5rem" },
	{ by: "length", head: "Key length", priority: 3, value: lengthText, width: "8.5rem" },
	{ by: "state", head: "State", card: "side", width: "9rem",
	  value: (cert) => STATES[stateOf(cert).key], search: (cert) => stateOf(cert).text, cell: stateBadge },
];

export function certTable({ label, empty }) {
	return makeTable({
		label, columns, empty, key: (cert) => cert.id, sort: { by: "id", down: false },
		href: (cert) => link("certs", tabOf(cert.kind), cert.id),
	});
}

/* Buttons that choose by state, with how many there are. */
export function stateChips({ onChoose }) {
	let chosen = "all";
	const buttons = new Map(CHIPS.map(({ key, text }) => [key, h("button.chip", {
		type: "button", "aria-pressed": String(key === chosen), onclick: () => choose(key),
	}, text, h("span.chip-count"))]));
	const choose = (key) => {
		chosen = key;
		for (const [other, button] of buttons)
			button.setAttribute("aria-pressed", String(other === key));
		onChoose(CHIPS.find((chip) => chip.key === key).test);
	};

	return {
		element: h("div.chips", { role: "group", "aria-label": "By state" }, [...buttons.values()]),
		count(certs) {
			for (const { key, test } of CHIPS.slice(1)) {
				const number = certs.reduce((sum, cert) => sum + (test(cert) ? 1 : 0), 0);

				buttons.get(key).lastChild.textContent = number || "";
				buttons.get(key).hidden = number === 0 && chosen !== key;
			}
			buttons.get("all").hidden = CHIPS.slice(1).every(({ key }) => buttons.get(key).hidden);
		},
	};
}
