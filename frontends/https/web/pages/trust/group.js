/* One trust group: its switches, and its four lists. */
import { api, part } from "../../api.js";
import { go, link } from "../../router.js";
import { session } from "../../session.js";
import { badge } from "../../ui/badge.js";
import { confirm } from "../../ui/confirm.js";
import { openDialog } from "../../ui/dialog.js";
import { h, replace } from "../../ui/dom.js";
import { fileField } from "../../ui/drop.js";
import { makeForm, selectField } from "../../ui/form.js";
import { icon } from "../../ui/icons.js";
import { makeMenu } from "../../ui/menu.js";
import { empty, resource } from "../../ui/page.js";
import { filterBox, makeTable } from "../../ui/table.js";
import { makeTabs } from "../../ui/tabs.js";
import { dateText, daysLeft } from "../../ui/time.js";
import { toast, toastError } from "../../ui/toast.js";
import { openEntry } from "./entry.js";
import { LISTS, POLICIES, isCrlList } from "./words.js";
import { commonName } from "../certs/words.js";

function entryState(entry) {
	const left = entry.not_after ? daysLeft(entry.not_after) : Infinity;

	if (left <= 0)
		return isCrlList(entry.list) ? badge("Out of date", "bad") : badge("Expired", "bad");
	if (entry.auto_accepted)
		return badge("Accepted by itself", "warn");
	if (left <= 30 && !isCrlList(entry.list))
		return badge(left === 1 ? "1 day left" : `${left} days left`, "warn");
	return badge(isCrlList(entry.list) ? "Current" : "Valid", "good");
}

function entryName(entry) {
	return commonName(entry.subject || entry.issuer) || "Without a name";
}

const columns = (isCrl) => [
	{ by: "name", head: isCrl ? "CA" : "Common name", main: true, card: "title", value: entryName, search: (entry) => `${entry.subject} ${entry.issuer} ${entry.serial} ${entry.fingerprint}` },
	isCrl ? { by: "revocations", head: "Revoked", value: (entry) => entry.revocations, number: true, width: "7rem", priority: 2 }
	      : { by: "issuer", head: "Issuer", priority: 3, value: (entry) => (entry.issuer === entry.subject ? "Self-signed" : commonName(entry.issuer)) },
	isCrl ? { by: "number", head: "Number", value: (entry) => entry.serial, width: "8rem", priority: 3 }
	      : { by: "kind", head: "Kind", width: "6rem", priority: 2, value: (entry) => (entry.ca ? "CA" : "Peer") },
	{ by: "not_after", head: isCrl ? "Next one" : "Valid to", card: "meta", width: "9rem", value: (entry) => Date.parse(entry.not_after) || Infinity, cell: (entry) => dateText(entry.not_after) || "–" },
	{ by: "added", head: "Added", card: "meta", width: "9rem", priority: 2, value: (entry) => Date.parse(entry.added) || 0, cell: (entry) => dateText(entry.added) || "–" },
	{ by: "state", head: "State", card: "side", width: "12.5rem", value: (entry) => entryState(entry).textContent, cell: entryState },
];

function openAdd(group, list, done) {
	const which = selectField({ label: "List", member: "list", value: list, options: LISTS.map(({ key, text }) => ({ value: key, text })) });
	const file = fileField({ label: "File", member: "file", accept: ".cer,.crt,.der,.pem,.crl,.p7b", max: 1024 * 1024,
				 hint: "DER or PEM, with any number of certificates and CRLs." });
	const form = makeForm({
		fields: [file, which], submit: "Add",
		onSubmit: async () => {
			const { added } = await api.post(part`/groups/${group.name}/entries`, { body: { list: which.value, file: await file.base64() } });

			dialog.close();
			toast(`${added} ${added === 1 ? "entry" : "entries"} added to ${group.name}.`);
			done();
		},
		onCancel: () => dialog.close(),
	});
	const dialog = openDialog({ title: `Add to ${group.name}`, body: form.element, isBusy: form.isBusy });
}

/* Turning it on is asked for, turning it off is not. */
function acceptSwitch(group, changed) {
	const id = `auto-${group.name}`;
	const control = h("input.switch", { type: "checkbox", role: "switch", id, checked: group.auto_accept, "aria-describedby": `${id}-hint`,
		disabled: !session.may("manage-trust"), onchange: async () => {
			const isOn = control.checked;
			const run = () => api.patch(part`/groups/${group.name}`, { body: { auto_accept: isOn } });

			/* It is on only when that was confirmed and done. */
			control.checked = false;
			try {
				if (!isOn)
					await run();
				else if (!await confirm({ title: `Let ${group.name} accept unknown certificates?`, action: "Accept by itself", danger: true, run,
							  text: ["Whoever connects is trusted from then on, with any certificate that is otherwise in order. Each is listed and audited.",
								 "This is for commissioning only: switch it off before production."] }))
					return;
				control.checked = isOn;
				changed();
			} catch (error) {
				control.checked = !isOn;
				toastError(error);
			}
		} });

	return h("div.switch-row", {}, control, h("div", {}, h("label", { for: id }, "Accept unknown certificates by itself"),
		h("p.hint", { id: `${id}-hint` }, group.auto_accept ? "On: everybody is let in. Switch it off in production." : "Off, as it should be in production: who is not trusted is refused and listed above.")));
}

function policyField(group, changed) {
	const field = selectField({ label: "Revocation lists", value: group.crls, options: POLICIES, disabled: !session.may("manage-trust"), onInput: async () => {
		try {
			await api.patch(part`/groups/${group.name}`, { body: { crls: field.value } });
			toast(`${group.name}: ${POLICIES.find((one) => one.value === field.value).text}.`);
			changed();
		} catch (error) {
			field.control.value = group.crls;
			toastError(error);
		}
	} });

	return field.element;
}

/* { element, update(group) } */
export function groupView(page, group, changed) {
	const top = h("div.stack");
	const panel = h("div");
	let list = LISTS[0];
	let table = null;
	let entries = null;
	const tabs = makeTabs({ label: "Lists of the group", panel, chosen: list.key, tabs: LISTS.map(({ key, text, short, count }) => ({ key, text, short, count: group[count] })),
				onChoose: (key) => {
					list = LISTS.find((one) => one.key === key);
					showList();
				} });

	function addButton(text) {
		return session.may("manage-trust") ? h("button", { type: "button", onclick: () => openAdd(group, list.key, done) }, icon("plus"), text) : null;
	}

	function done() {
		entries.reload();
		changed();
	}

	function showList() {
		const mine = list;

		table = makeTable({
			label: `${list.text} of ${group.name}`, columns: columns(isCrlList(list.key)), key: (entry) => entry.fingerprint, sort: { by: "name", down: false },
			onOpen: (entry) => openEntry(group, entry, done),
			empty: () => empty({ title: isCrlList(mine.key) ? "No CRL here" : "Nobody here yet", symbol: "trust",
					     text: `${mine.hint} Add a file, ${isCrlList(mine.key) ? "which the CA publishes" : "or trust what was refused"}.`, actions: [addButton("Add from a file")].filter(Boolean) }),
		});
		entries = resource(page, (options) => api.all(part`/groups/${group.name}/entries`, "entries", { ...options, query: { list: mine.key, limit: 1000 } }), (next) => {
			table.setRows(next);
			return table.element;
		}, { rows: 4 });
		replace(panel, h("p.hint.list-hint", {}, list.hint), h("div.toolbar", {}, filterBox({ label: "Filter entries", onInput: (text) => table.setFilter(text) }), table.sorter,
								      h("div.actions.toolbar-end", {}, addButton("Add from a file"))), entries.element);
	}

	async function remove() {
		if (await confirm({ title: `Delete trust group ${group.name}?`, action: "Delete", danger: true, text: "It goes with its four lists. A service that has it trusts nobody until it gets another.",
				    run: () => api.remove(part`/groups/${group.name}`) })) {
			toast(`Trust group ${group.name} is deleted.`);
			go(link("trust"));
			changed();
		}
	}

	function drawTop() {
		replace(top, h("div.service-head", {}, h("h2", {}, group.name),
			group.predefined || !session.may("manage-trust") ? null
				: makeMenu({ label: `More actions for ${group.name}`, symbol: "more", items: [{ text: "Delete group…", icon: "trash", danger: true, run: remove }] })),
			group.auto_accept ? h("div.note.note-bad", { role: "note" }, h("p", {}, h("b", {}, "This group lets everybody in. "), "Switch it off before production.")) : null,
			h("div.two", {}, acceptSwitch(group, changed), policyField(group, changed)));
	}

	drawTop();
	showList();
	return {
		element: h("section.card.group", { "aria-label": `Trust group ${group.name}` }, top, tabs.element, panel),
		update(next) {
			const isSame = next.revision === group.revision && next.auto_accept === group.auto_accept && next.crls === group.crls;

			group = next;
			for (const { key, count } of LISTS)
				tabs.setCount(key, group[count]);
			if (isSame)
				return;
			drawTop();
			entries.reload();
		},
	};
}
