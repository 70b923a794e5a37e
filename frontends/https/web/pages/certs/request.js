/* CSRs: the next version of a certificate by a CA elsewhere, and its file. */
import { api, part, save } from "../../api.js";
import { openDialog } from "../../ui/dialog.js";
import { h } from "../../ui/dom.js";
import { makeForm } from "../../ui/form.js";
import { toast } from "../../ui/toast.js";
import { hashField, keyFields } from "./keyfields.js";
import { nameOf } from "./words.js";

export function saveCsr(cert, csr) {
	const name = `${nameOf(cert).replace(/[^\w.-]+/g, "-")}.csr`;

	save(new Blob([csr], { type: "application/pkcs10" }), name);
	toast(`${name} is saved. Have it signed, and upload the answer here.`);
}

export function openRequest(cert, store) {
	const key = keyFields({ onInput: () => {}, keepText: `Its key, ${cert.private_key.name}`, isKept: true });
	const hash = hashField({ onInput: () => {} });
	const form = makeForm({
		fields: [key.choice, key.algorithm.length, key.name, key.keys, hash],
		layout: [h("p", {}, "Makes a CSR with the subject and names of this certificate. It stays in use until the answer is uploaded, and its ID after that."),
			 key.elements, hash.element],
		submit: "Create CSR",
		onSubmit: async () => {
			const answer = await api.post(part`/certs/${cert.id}/request`, { body: { ...key.value, hash: hash.value || undefined } });

			dialog.close();
			store.put(answer.cert);
			saveCsr(answer.cert, answer.csr);
		},
		onCancel: () => dialog.close(),
	});
	const dialog = openDialog({ title: `Request ${nameOf(cert)} from another CA`, body: form.element, isBusy: form.isBusy });
}
