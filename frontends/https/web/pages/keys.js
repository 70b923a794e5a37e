/* Keys in the TPM: which there are, who may use them, pinned or not, deleted. */
import { api, part } from "../api.js";
import { live } from "../live.js";
import { link } from "../router.js";
import { session } from "../session.js";
import { badge } from "../ui/badge.js";
import { confirm } from "../ui/confirm.js";
import { copyable, inPairs } from "../ui/copy.js";
import { openDialog } from "../ui/dialog.js";
import { h } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { empty, facts, pageHead, resource } from "../ui/page.js";
import { filterBox, makeTable } from "../ui/table.js";
import { dateText, time } from "../ui/time.js";
import { toast, toastError } from "../ui/toast.js";
import { ALGORITHMS } from "./certs/words.js";

function algorithmText(key) {
	const algorithm = ALGORITHMS[key.algorithm];

	return algorithm ? `${algorithm.family} ${algorithm.length}` : key.algorithm ?? "";
}

const usageText = (key) => (key.of_ca ? "CA" : (key.usage ?? []).join(", "));
const originText = (key) => (key.origin === "imported" ? "Imported" : "TPM");

const columns = [
	{ by: "name", head: "Name", main: true, card: "title", value: (key) => key.name },
	{ by: "algorithm", head: "Algorithm", card: "meta", width: "10rem", value: algorithmText },
	{ by: "usage", head: "Used for", priority: 2, width: "9rem", value: usageText },
	{ by: "origin", head: "Origin", card: "meta", width: "8rem", value: originText },
	{ by: "created", head: "Created", priority: 3, width: "9rem", value: (key) => Date.parse(key.created) || 0, cell: (key) => dateText(key.created) },
	{ by: "pinned", head: "Place", card: "side", width: "9rem", value: (key) => (key.pinned ? "Pinned" : "Loaded on demand"),
	  cell: (key) => (key.pinned ? badge("Pinned", "info") : h("span.muted", {}, "On demand")) },
];

function grantText(grant) {
	return `${grant.subject === "uid" ? "User" : "Group"} ${grant.name ?? grant.id} (${grant.subject} ${grant.id}): ${grant.operations.join(", ")}`;
}

async function pin(key, done) {
	try {
		await api.put(part`/keys/${key.name}/pinned`, { body: { pinned: !key.pinned } });
		toast(key.pinned ? `${key.name} is loaded on demand from now on.` : `${key.name} is kept in the TPM from now on.`);
		done();
	} catch (error) {
		toastError(error);
	}
}

async function remove(key, done) {
	if (!await confirm({ title: `Delete key ${key.name}?`, action: "Delete for ever", danger: true, typed: key.of_ca ? key.name : undefined,
			     text: ["Nobody can make it again: no copy of it exists. Certificates for it can no longer be used by this device.",
				    key.of_ca ? "It is a CA’s: that CA can sign and revoke nothing any more." : null].filter(Boolean),
			     run: () => api.remove(part`/keys/${key.name}`) }))
		return;
	toast(`Key ${key.name} is deleted.`);
	done();
}

async function openKey({ name }, done) {
	const key = await api.get(part`/keys/${name}`);
	const then = (fn) => () => {
		dialog.close();
		fn(key, done);
	};
	const dialog = openDialog({ title: `Key ${key.name}`, body: [
		facts([
			["Algorithm", algorithmText(key)],
			["Used for", usageText(key)],
			["Origin", key.origin === "imported" ? "Imported: what existed outside once may exist there still" : "Made in this TPM, never outside of it"],
			["Place", key.pinned ? `Kept in the TPM at ${key.persistent_handle}` : "Loaded into the TPM when it is used"],
			["Service", key.service ? h("a", { href: link("services", key.service) }, key.service) : null],
			["Others who may use it", key.grants?.length ? h("ul.plain", {}, key.grants.map((grant) => h("li", {}, grantText(grant)))) : "Nobody"],
			["Created", time(key.created)],
			["Fingerprint of the public key", key.fingerprint ? copyable(inPairs(key.fingerprint), "fingerprint") : null],
		]),
		key.public_key ? h("details.more", {}, h("summary", {}, "Public key"), h("pre", {}, key.public_key)) : null,
		session.may("manage-keys") ? h("div.form-buttons", {},
			h("button", { type: "button", onclick: then(remove) }, icon("trash"), "Delete…"),
			h("button", { type: "button", onclick: then(pin) }, icon("tpm"), key.pinned ? "Load on demand" : "Keep in the TPM")) : null,
	].filter(Boolean) });
}

export function mount(page) {
	const table = makeTable({
		label: "Keys", columns, key: (key) => key.name, sort: { by: "name", down: false },
		onOpen: (key) => openKey(key, list.reload).catch(toastError),
		empty: () => empty({ title: "No key yet", symbol: "key", text: "Keys are made together with certificates: create one under “Certificates”." }),
	});
	const count = h("span.toolbar-count");
	const list = resource(page, (options) => api.all("/keys", "keys", { ...options, query: { limit: 1000 }, next: (key) => key.name }), (keys) => {
		table.setRows(keys);
		return [h("div.toolbar", {}, filterBox({ label: "Filter keys", onInput: (text) => table.setFilter(text) }), table.sorter, count), table.element];
	}, { rows: 8 });

	table.onShown = (shown, all) => {
		count.textContent = shown === all ? `${all} ${all === 1 ? "key" : "keys"}` : `${shown} of ${all}`;
	};
	live.refresh(["key", "service"], list.reload, { signal: page.signal });
	return h("div", {}, pageHead("Keys", { lead: "Private keys in this device’s TPM. Programs use them through keystored; none can be read, by anybody." }), list.element);
}
