/* A new version from elsewhere: the answer to a CSR, or a PKCS#12; the ID stays. */
import { api, part } from "../../api.js";
import { openDialog } from "../../ui/dialog.js";
import { h } from "../../ui/dom.js";
import { fileField } from "../../ui/drop.js";
import { makeForm } from "../../ui/form.js";
import { keyNameField, passwordField, showImported, withKeyName } from "./import.js";
import { nameOf } from "./words.js";

export function openReplace(cert, store, { isAnswer = false }) {
	const password = passwordField();
	const keyName = keyNameField();
	const file = fileField({ label: isAnswer ? "Answer of the CA" : "File", member: "file",
				 accept: isAnswer ? ".cer,.crt,.der,.pem,.p7b,.p7c" : ".cer,.crt,.der,.pem,.p7b,.p7c,.p12,.pfx",
				 hint: isAnswer ? "The certificate, alone or with its chain: DER, PEM or PKCS#7." : "A PKCS#12 with the new key, or a certificate for the key that is here.",
				 onFile: (chosen) => {
					 if (/\.(p12|pfx)$/i.test(chosen.name))
						 password.show();
				 } });
	const form = makeForm({
		fields: [h("p", {}, isAnswer ? `It must be for the key of the CSR. Certificate ${cert.id} is in service as soon as it is here.`
					     : `The file’s certificate becomes the next version of certificate ${cert.id}. The last one stays in its history.`), file, password, keyName],
		submit: isAnswer ? "Upload" : "Replace",
		onSubmit: async () => {
			try {
				const bytes = await file.base64();
				const answer = await withKeyName(keyName, file.file, () => api.post(part`/certs/${cert.id}/replace`, {
					body: { file: bytes, password: password.value, key_name: keyName.value } }));

				dialog.close();
				store.put(...answer.certs);
				showImported(answer);
			} catch (error) {
				if (password.isMeant(error))
					password.show();
				throw error;
			}
		},
		onCancel: () => dialog.close(),
	});
	const dialog = openDialog({ title: isAnswer ? `Answer to the CSR of ${nameOf(cert)}` : `Replace ${nameOf(cert)}`, body: form.element, isBusy: form.isBusy });
}
