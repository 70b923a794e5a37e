/* The certificate in each form that others take; and why its private key is in none. */
import { api, part } from "../../api.js";
import { openDialog } from "../../ui/dialog.js";
import { h } from "../../ui/dom.js";
import { makeForm, textField } from "../../ui/form.js";
import { icon } from "../../ui/icons.js";
import { makeMenu } from "../../ui/menu.js";
import { toast, toastError } from "../../ui/toast.js";
import { nameOf } from "./words.js";

const FORMATS = [
	{ format: "der", text: "Certificate, DER", hint: ".cer, .der – binary, for engineering tools" },
	{ format: "pem", text: "Certificate, PEM", hint: ".crt, .pem – text" },
	{ format: "chain", text: "Certificate with its chain, PEM", hint: ".pem – issuers follow it" },
	{ format: "p7b", text: "Chain, PKCS#7", hint: ".p7b – binary, for Windows" },
	{ format: "p7b-pem", text: "Chain, PKCS#7 as text", hint: ".p7b" },
];

async function download(cert, format) {
	try {
		const name = await api.download(part`/certs/${cert.id}/file`, { query: { format }, name: `certificate-${cert.id}` });

		toast(`${name} saved.`);
	} catch (error) {
		toastError(error);
	}
}

function openPkcs12(cert) {
	const password = textField({ label: "Password for the file", type: "password", member: "password", autocomplete: "new-password",
				     hint: "Without one the file is not encrypted, which it need not be: it holds no key." });
	const form = makeForm({
		fields: [h("p", {}, "A PKCS#12 file with the certificate and its issuers. Its private key is not in it: that stays in the TPM."), password],
		submit: "Save file",
		onSubmit: async () => {
			const name = await api.download(part`/certs/${cert.id}/pkcs12`, {
				method: "POST", body: password.value ? { password: password.value } : {}, name: `certificate-${cert.id}.p12`,
			});

			dialog.close();
			toast(`${name} saved.`);
		},
		onCancel: () => dialog.close(),
	});
	const dialog = openDialog({ title: `Export ${nameOf(cert)} as PKCS#12`, body: form.element, isBusy: form.isBusy });
}

/* The device refuses, and says why; nothing here could ever get it. */
async function explainKey(cert) {
	let text = "The private key was made in the TPM and never leaves it.";

	try {
		await api.text(part`/certs/${cert.id}/file`, { query: { format: "private-key" } });
	} catch (error) {
		if (error.name === "AbortError" || error.isAway)
			return toastError(error);
		text = error.message;
	}
	openDialog({ title: "The private key cannot be exported", body: [
		h("div.note", {}, icon("lock"), h("p", {}, text)),
		h("div.prose", {},
		  h("p", {}, "Programs on this device use it through keystored, without ever seeing it: assign the certificate to a service."),
		  h("p", {}, "Another device or a PC gets a key and certificate of its own: let it make a CSR, and sign that here under “More actions”, “Sign a CSR”.")),
	] });
}

export function exportMenu(cert) {
	return makeMenu({ text: "Export", symbol: "download", items: [
		...FORMATS.map(({ format, text, hint }) => ({ text, hint, icon: "file", run: () => download(cert, format) })),
		{ text: "Certificate with its chain, PKCS#12…", hint: ".p12 – without the key", icon: "file", run: () => openPkcs12(cert) },
		...(cert.request_created ? [{ text: "CSR, PEM", hint: ".csr", icon: "file", run: () => download(cert, "csr") },
					    { text: "CSR, DER", hint: ".csr", icon: "file", run: () => download(cert, "csr-der") }] : []),
		...(cert.private_key ? [null, { text: "Private key…", hint: "Why it cannot be exported", icon: "lock", run: () => explainKey(cert) }] : []),
	] });
}
