/* A new version by whoever has signed the last one; the ID stays. */
import { api, part } from "../../api.js";
import { openDialog } from "../../ui/dialog.js";
import { h } from "../../ui/dom.js";
import { checkField, makeForm } from "../../ui/form.js";
import { toast } from "../../ui/toast.js";
import { algorithmFields, hashField, validityFields } from "./keyfields.js";
import { nameOf } from "./words.js";

export function openRenew(cert, store) {
	const validity = validityFields({ onInput: () => {}, usual: "As is usual for its purpose" });
	const hash = hashField({ onInput: () => {}, usual: "The same as now" });
	const algorithm = algorithmFields({ onInput: () => {}, value: cert.private_key.algorithm });
	const place = h("div.field-row", { hidden: true }, algorithm.elements);
	const fresh = checkField({ label: "With a new key", hint: "Without it, the key stays the same. A CA’s new key makes a new trust anchor: partners have to import it.",
				   onInput: () => {
					   place.hidden = !fresh.value;
				   } });
	const form = makeForm({
		fields: [validity.choice, validity.from, validity.until, hash, fresh, algorithm.length],
		layout: [h("p", {}, "Makes a new version with the same ID, subject and names. Services that use it change over by themselves, without a restart."),
			 h("div.field-row", {}, validity.choice.element, hash.element), validity.exact, fresh.element, place],
		submit: "Renew",
		onSubmit: async () => {
			const answer = await api.post(part`/certs/${cert.id}/renew`, { body: {
				validity: validity.value, hash: hash.value || undefined,
				new_key: fresh.value || undefined, algorithm: fresh.value ? algorithm.value : undefined,
			} });

			dialog.close();
			store.put(answer.cert);
			toast(`${nameOf(cert)} is renewed: version ${answer.cert.version}.${answer.note ? ` Note: ${answer.note}` : ""}`);
		},
		onCancel: () => dialog.close(),
	});
	const dialog = openDialog({ title: `Renew ${nameOf(cert)}`, body: form.element, isBusy: form.isBusy });
}
