/* Somebody else's CSR, certified by a CA here. */
import { api } from "../../api.js";
import { go, link } from "../../router.js";
import { openDialog } from "../../ui/dialog.js";
import { h } from "../../ui/dom.js";
import { fileField } from "../../ui/drop.js";
import { makeForm, selectField } from "../../ui/form.js";
import { toast } from "../../ui/toast.js";
import { hashField, validityFields } from "./keyfields.js";
import { lengthText, nameOf, profiles, tabOf } from "./words.js";

export async function openSign(store) {
	const list = await profiles();
	const cas = store.list("ca").filter((ca) => ca.private_key && ca.state === "active");

	if (!cas.length) {
		openDialog({ title: "Sign a CSR", body: h("p", {}, "There is no CA here that could sign it. Make the project’s CAs first.") });
		return;
	}
	const csr = fileField({ label: "CSR", member: "csr", accept: ".csr,.req,.p10,.pem,.der", hint: "PKCS#10, PEM or DER." });
	const issuer = selectField({ label: "Signed by", member: "issuer_id", options: cas.map((ca) => ({ value: String(ca.id), text: `${nameOf(ca)} (${lengthText(ca)})` })) });
	const profile = selectField({ label: "Purpose", member: "profile", value: "tls-client", options: list.map(({ name, title }) => ({ value: name, text: title })) });
	const validity = validityFields({ onInput: () => {}, usual: "As is usual for the purpose" });
	const hash = hashField({ onInput: () => {} });
	const form = makeForm({
		fields: [csr, issuer, profile, validity.choice, validity.from, validity.until, hash],
		layout: [csr.element, h("div.field-row", {}, issuer.element, profile.element),
			 h("div.field-row", {}, validity.choice.element, hash.element), validity.exact],
		submit: "Sign",
		onSubmit: async () => {
			const answer = await api.post("/certs/sign", { body: {
				csr: await csr.base64(), issuer_id: Number(issuer.value), profile: profile.value,
				validity: validity.value, hash: hash.value || undefined,
			} });

			dialog.close();
			store.put(answer.cert);
			toast(`Certificate ${answer.cert.id} for ${nameOf(answer.cert)} is made. Export it for whoever asked.${answer.note ? ` Note: ${answer.note}` : ""}`);
			go(link("certs", tabOf(answer.cert.kind), answer.cert.id));
		},
		onCancel: () => dialog.close(),
	});
	const dialog = openDialog({ title: "Sign a CSR", body: form.element, isBusy: form.isBusy });
}
