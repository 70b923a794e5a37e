/* An entry of a trust list: what it is, download it, take it out. */
import { api, part } from "../../api.js";
import { session } from "../../session.js";
import { confirm } from "../../ui/confirm.js";
import { copyable, inPairs } from "../../ui/copy.js";
import { openDialog } from "../../ui/dialog.js";
import { h } from "../../ui/dom.js";
import { icon } from "../../ui/icons.js";
import { makeMenu } from "../../ui/menu.js";
import { facts } from "../../ui/page.js";
import { time } from "../../ui/time.js";
import { toast, toastError } from "../../ui/toast.js";
import { commonName } from "../certs/words.js";
import { LISTS, isCrlList } from "./words.js";

export function openEntry(group, entry, done) {
	const isCrl = isCrlList(entry.list);
	const name = commonName(entry.subject || entry.issuer);
	const path = part`/groups/${group.name}/entries/${entry.fingerprint}`;
	const save = (format) => api.download(`${path}/file`, { query: { list: entry.list, format }, name: `${name}.${isCrl ? "crl" : "cer"}` }).catch(toastError);
	const remove = async () => {
		dialog.close();
		if (await confirm({ title: `Take ${name} out of ${group.name}?`, action: "Take out", danger: true,
				    text: isCrl ? "What it has revoked is accepted again, or, where a CRL is required, nobody of that CA is."
						: entry.ca ? "Whoever has a certificate by this CA is refused from then on. Connections that are open end at their next check."
							   : "It is refused from then on. Connections that are open end at their next check.",
				    run: () => api.remove(path, { query: { list: entry.list } }) })) {
			toast(`${name} is no longer in ${group.name}.`);
			done();
		}
	};
	const dialog = openDialog({ title: name || "Entry", body: [
		entry.auto_accepted ? h("div.note.note-warn", {}, h("p", {}, "The group has accepted it by itself: nobody has looked at it. Compare its fingerprint with the partner’s.")) : null,
		facts([
			["List", `${group.name}, ${LISTS.find((list) => list.key === entry.list)?.text.toLowerCase()}`],
			["Subject", entry.subject], ["Issuer", entry.issuer],
			[isCrl ? "Number" : "Serial number", entry.serial ? copyable(entry.serial, "serial number") : ""],
			[isCrl ? "Made" : "Valid from", time(entry.not_before)], [isCrl ? "Next one" : "Valid to", time(entry.not_after)],
			isCrl ? ["Revoked", String(entry.revocations)] : ["Kind", entry.ca ? "CA" : "Peer"],
			["SHA-256 fingerprint", copyable(inPairs(entry.fingerprint), "fingerprint")],
			["Added", time(entry.added)],
		]),
		h("div.form-buttons", {},
		  session.may("manage-trust") ? h("button", { type: "button", onclick: remove }, icon("trash"), "Take out…") : null,
		  makeMenu({ text: "Download", symbol: "download", items: [{ text: "DER", icon: "file", run: () => save("der") }, { text: "PEM", icon: "file", run: () => save("pem") }] })),
	].filter(Boolean) });
}
