/* A CA's revocation list: how old it is, renew it, download it. */
import { api, part } from "../../api.js";
import { session } from "../../session.js";
import { badge } from "../../ui/badge.js";
import { h } from "../../ui/dom.js";
import { icon } from "../../ui/icons.js";
import { makeMenu } from "../../ui/menu.js";
import { facts } from "../../ui/page.js";
import { ago, time } from "../../ui/time.js";
import { toast, toastError } from "../../ui/toast.js";

function crlState(crl) {
	if (crl.pending)
		return badge("Being signed anew", "info");
	return Date.parse(crl.next_update) < Date.now() ? badge("Out of date", "bad") : badge("Current", "good");
}

export async function crlPart(cert, store, signal, detailPart) {
	const crls = await api.all("/crls", "crls", { passive: true, signal, next: (crl) => crl.ca_id });
	const crl = crls.find((candidate) => candidate.ca_id === cert.id);
	const issued = store.all().filter((other) => other.issuer_id === cert.id && other.id !== cert.id).length;
	const save = (format) => api.download(part`/crls/${cert.id}/file`, { query: { format }, name: `ca-${cert.id}.crl` }).catch(toastError);

	if (!crl)
		return null;
	return detailPart("Revocation list (CRL)", facts([
		["State", crlState(crl)],
		["Number", crl.number],
		["Revoked", crl.entries === 0 ? "Nothing" : `${crl.entries} ${crl.entries === 1 ? "certificate" : "certificates"}`],
		["Signed", [ago(crl.this_update), ", ", time(crl.this_update)]],
		["Next at the latest", time(crl.next_update)],
		["Issued and kept here", `${issued} ${issued === 1 ? "certificate" : "certificates"}`],
	]), h("div.actions", {},
	      makeMenu({ text: "Download CRL", symbol: "download", items: [
		{ text: "DER", hint: ".crl – binary, for engineering tools", icon: "file", run: () => save("der") },
		{ text: "PEM", hint: ".pem – text", icon: "file", run: () => save("pem") },
	] }),
	      session.may("manage-certs") ? h("button", { type: "button", onclick: async (event) => {
		const button = event.currentTarget;

		button.setAttribute("aria-busy", "true");
		try {
			const next = await api.post(part`/crls/${cert.id}/renew`);

			toast(`CRL ${next.number ?? ""} of ${cert.common_name} is signed.`);
			button.closest("section").replaceWith(await crlPart(cert, store, signal, detailPart));
		} catch (error) {
			button.removeAttribute("aria-busy");
			toastError(error);
		}
	} }, icon("refresh"), "Sign a new CRL") : null));
}
