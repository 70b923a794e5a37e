/* When a certificate is renewed by itself. */
import { api, part } from "../../api.js";
import { openDialog } from "../../ui/dialog.js";
import { checkField, makeForm, radioField, selectField, textField } from "../../ui/form.js";
import { dateText } from "../../ui/time.js";
import { toast } from "../../ui/toast.js";
import { nameOf } from "./words.js";

const ADDRESSES = [
	{ value: "default", text: "As is usual" },
	{ value: "follow", text: "Renew it with the new ones" },
	{ value: "report", text: "Report it" },
	{ value: "ignore", text: "Nothing" },
];

const UNITS = { "days-before": { label: "Days before its end", max: 3650, usual: 30 },
		"per-cent-left": { label: "Per cent of its life left", max: 66, usual: 10 } };

export function openRenewal(cert, store) {
	const now = cert.renewal ?? { mode: "default", value: 0, new_key: false };
	const mode = now.mode.replaceAll(" ", "-");
	const value = textField({ label: "Days before its end", type: "number", member: "value", required: true, min: 1,
				  value: now.value || UNITS[mode]?.usual || 30 });
	const fresh = checkField({ label: "With a new key each time", member: "new_key", value: now.new_key });
	/* "none": it is no device's. */
	const addresses = selectField({ label: "When the device’s address or name is not the certificate’s any more", member: "addresses",
					options: ADDRESSES, value: ADDRESSES.some((one) => one.value === now.addresses) ? now.addresses : "default",
					hint: now.addresses === "default" && now.addresses_now ? `As is usual, here: ${ADDRESSES.find((one) => one.value === now.addresses_now)?.text.toLowerCase() ?? "nothing"}.` : undefined });
	const choice = radioField({
		label: "Renew it", member: "mode", value: mode, onInput: () => show(true),
		options: [
			{ value: "default", text: "As is usual", hint: cert.kind === "ca" ? "CAs are not renewed by themselves." : "When 10 per cent of its life are left." },
			{ value: "days-before", text: "Some days before its end" },
			{ value: "per-cent-left", text: "When a part of its life is left" },
			{ value: "off", text: "Not by itself", hint: "It ends when nobody renews it." },
		],
	});
	const show = (isChosen) => {
		const unit = UNITS[choice.value];

		value.element.hidden = value.control.disabled = !unit;
		fresh.element.hidden = choice.value === "off";
		if (!unit)
			return;
		value.element.querySelector("label").textContent = unit.label;
		value.control.max = unit.max;
		if (isChosen && choice.value !== mode)
			value.control.value = unit.usual;
	};
	const form = makeForm({
		fields: [choice, value, fresh, addresses], submit: "Save",
		onSubmit: async () => {
			const next = await api.put(part`/certs/${cert.id}/renewal`, { body: {
				mode: choice.value, value: UNITS[choice.value] ? Number(value.value) : undefined,
				new_key: choice.value === "off" ? undefined : fresh.value,
				addresses: addresses.element.hidden ? undefined : addresses.value,
			} });

			dialog.close();
			store.put(next);
			toast(next.renewal?.at ? `${nameOf(cert)} is renewed by itself on ${dateText(next.renewal.at)}.` : `${nameOf(cert)} is not renewed by itself.`);
		},
		onCancel: () => dialog.close(),
	});
	const dialog = openDialog({ title: `Automatic renewal of ${nameOf(cert)}`, body: form.element, isBusy: form.isBusy });

	addresses.element.hidden = !now.addresses || now.addresses === "none";
	show(false);
}
