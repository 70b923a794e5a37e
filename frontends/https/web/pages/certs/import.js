/* Certificates and keys out of a file, and what there is to say about them. */
import { api } from "../../api.js";
import { go, link } from "../../router.js";
import { openDialog } from "../../ui/dialog.js";
import { h } from "../../ui/dom.js";
import { fileField } from "../../ui/drop.js";
import { makeForm, selectField, textField } from "../../ui/form.js";
import { toast } from "../../ui/toast.js";
import { KINDS, nameOf, profiles, stateBadge, tabOf } from "./words.js";

const ACCEPT = ".cer,.crt,.der,.pem,.p7b,.p7c,.p12,.pfx,.key";
const IS_PKCS12 = /\.(p12|pfx)$/i;

/* What has come of it; with nothing to note, a toast is enough. */
export function showImported({ certs, notes }) {
	if (certs.length === 1 && !notes.length) {
		toast(`${nameOf(certs[0])} is certificate ${certs[0].id}.`);
		return;
	}
	const dialog = openDialog({ title: certs.length === 1 ? "1 certificate is here" : `${certs.length} certificates are here`, body: [
		h("ul.plain.stack", {}, certs.map((cert) => h("li.imported", {},
			h("a", { href: link("certs", tabOf(cert.kind), cert.id) }, nameOf(cert)),
			h("span.muted", {}, `ID ${cert.id}, ${KINDS.find((kind) => kind.key === cert.kind)?.one}${cert.private_key ? ", with its key" : ""}`), stateBadge(cert)))),
		notes.length ? h("div.note.note-warn", {}, h("p", {}, h("b", {}, "To note")), h("ul.plain.stack", {}, notes.map((note) => h("li", {}, note)))) : null,
		h("div.form-buttons", {}, h("button.primary", { type: "button", autofocus: true, onclick: () => dialog.close() }, "Close")),
	].filter(Boolean) });
}

/* A password is asked for where the file needs one: by its name, or because the device says so. */
export function passwordField() {
	const password = textField({ label: "Password of the file", type: "password", member: "password", autocomplete: "off" });

	password.element.hidden = true;
	return {
		...password,
		get value() {
			return password.value || undefined;
		},
		show() {
			password.element.hidden = false;
		},
		isMeant: (error) => error.member === "password" || /password/i.test(error.message),
	};
}

/*
 * The name of a key that may be in the file: asked for with those that have one, or because the device
 * says that there is one; proposed from the file's name.
 */
export function keyNameField() {
	const name = textField({ label: "Name of its key in the TPM", member: "key_name", maxlength: 64 });

	name.element.hidden = true;
	return {
		...name,
		get value() {
			return name.element.hidden ? undefined : name.value.trim() || undefined;
		},
		show(file) {
			name.element.hidden = false;
			name.control.value ||= (file?.name ?? "").replace(/\.[^.]*$/, "").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
		},
		isMeant: (error) => error.member === "key_name" || /private key in the file/i.test(error.message),
	};
}

/* Sends once more where the device only lacked the name of a key. */
export async function withKeyName(name, file, send) {
	try {
		return await send();
	} catch (error) {
		if (!name.isMeant(error) || !name.element.hidden)
			throw error;
		name.show(file);
		return send();
	}
}

export async function openImport(store, { file = null, kind = "" } = {}) {
	const list = await profiles().catch(() => []);
	const password = passwordField();
	const look = (next) => {
		if (!IS_PKCS12.test(next.name))
			return;
		password.show();
		keyName.show(next);
	};
	const chosen = fileField({ label: "File", accept: ACCEPT, member: "file", file, onFile: look,
				   hint: "DER, PEM, PKCS#7 or PKCS#12, with any number of certificates. Keys in it move into the TPM and are marked as imported." });
	const as = selectField({ label: "As", member: "kind", value: kind, options: [
		{ value: "", text: "What it is, by its contents" },
		...KINDS.map((one) => ({ value: one.key, text: one.one[0].toUpperCase() + one.one.slice(1) })),
	], onInput: () => arrange() });
	const profile = selectField({ label: "Used as", member: "profile", value: "", options: [{ value: "", text: "Not known" },
		...list.filter(({ name }) => name !== "ca").map(({ name, title }) => ({ value: name, text: title }))] });
	const keyName = keyNameField();
	const arrange = () => {
		profile.element.hidden = as.value === "ca" || as.value === "trusted";
	};
	const form = makeForm({
		fields: [chosen, password, as, profile, keyName],
		layout: [chosen.element, password.element, keyName.element, h("div.field-row", {}, as.element, profile.element)],
		submit: "Import",
		onSubmit: async () => {
			try {
				const file = await chosen.base64();
				const answer = await withKeyName(keyName, chosen.file, () => api.post("/certs/import", { body: {
					file, password: password.value, kind: as.value || undefined,
					profile: profile.element.hidden ? undefined : profile.value || undefined, key_name: keyName.value,
				} }));

				dialog.close();
				store.put(...answer.certs);
				if (answer.certs.length)
					go(link("certs", tabOf(answer.certs[0].kind), answer.certs[0].id));
				/* A change of the page closes dialogs. */
				setTimeout(showImported, 50, answer);
			} catch (error) {
				if (password.isMeant(error))
					password.show();
				throw error;
			}
		},
		onCancel: () => dialog.close(),
	});
	const dialog = openDialog({ title: "Import", body: form.element, isBusy: form.isBusy });

	if (file)
		look(file);
	arrange();
}
