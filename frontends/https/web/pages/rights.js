/* Rights of users, in words and in the order of the matrix, and the boxes to choose roles and rights by. */
import { h } from "../ui/dom.js";
import { wrapField } from "../ui/form.js";

export const RIGHTS = [
	{ name: "view", text: "See certificates, keys, trust and services" },
	{ name: "manage-certs", text: "Make, renew, revoke and export certificates" },
	{ name: "manage-keys", text: "Make, import, pin and delete keys" },
	{ name: "manage-trust", text: "Decide which certificates are trusted" },
	{ name: "manage-services", text: "Give services their certificates and users" },
	{ name: "manage-users", text: "Make users and roles, end logins" },
	{ name: "read-audit", text: "Read the audit trail" },
	{ name: "read-diagnostics", text: "See diagnostics" },
	{ name: "read-process-data", text: "Watch process data" },
	{ name: "write-process-data", text: "Write process data" },
	{ name: "opcua-access", text: "Use the OPC UA server" },
	{ name: "user-pages", text: "Open user-defined pages" },
];

export const rightText = (name) => RIGHTS.find((right) => right.name === name)?.text ?? name;

/* A field of boxes: options [{ value, text, hint }]; its value is the list of those that are ticked. */
export function boxesField({ label, hint, member, options, chosen = [], disabled = false }) {
	const boxes = options.map(({ value }) => h("input", { type: "checkbox", id: `${member}-${value}`, value,
							       checked: chosen.includes(value), disabled }));
	const control = h("div.boxes", {}, options.map(({ text, hint: note }, i) =>
		h("div.field-check", {}, boxes[i],
		  h("div", {}, h("label", { for: boxes[i].id }, text), note ? h("p.hint", {}, note) : null))));

	return wrapField({ label, hint, control, member, required: true, isGroup: true,
			   value: () => boxes.filter((box) => box.checked).map((box) => box.value) });
}
