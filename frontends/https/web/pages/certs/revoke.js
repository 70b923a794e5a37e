/* Revoking, with a reason in words, and deleting. */
import { api, part } from "../../api.js";
import { go, link } from "../../router.js";
import { confirm } from "../../ui/confirm.js";
import { openDialog } from "../../ui/dialog.js";
import { h } from "../../ui/dom.js";
import { makeForm, radioField, selectField } from "../../ui/form.js";
import { dateText } from "../../ui/time.js";
import { toast } from "../../ui/toast.js";
import { REASONS, nameOf, tabOf } from "./words.js";

export function openRevoke(cert, store) {
	const reason = radioField({ label: "Why", member: "reason", value: "superseded",
				    options: REASONS.filter((one) => !one.isOfCa || cert.kind === "ca") });
	const old = (cert.history ?? []).filter((version) => version.state !== "revoked");
	const version = selectField({ label: "Which", member: "version", value: "0", options: [
		{ value: "0", text: old.length > 1 ? "All its versions" : "The certificate" },
		...(old.length > 1 ? old.map((one) => ({ value: String(one.version), text: `Version ${one.version}, until ${dateText(one.not_after)}` })) : []),
	] });

	version.element.hidden = old.length < 2;
	const form = makeForm({
		fields: [h("p", {}, "Partners that ask for the CA’s revocation list will refuse it as soon as they have the new list. Services that use it here cannot be reached by them any more. Except for a hold, this cannot be taken back."),
			 reason, version],
		submit: "Revoke", danger: true,
		onSubmit: async () => {
			const answer = await api.post(part`/certs/${cert.id}/revoke`, { body: { reason: reason.value, version: Number(version.value) || undefined } });

			dialog.close();
			store.put(answer.cert);
			toast(`${nameOf(cert)} is revoked. The CA’s list is being signed anew.`);
		},
		onCancel: () => dialog.close(),
	});
	const dialog = openDialog({ title: `Revoke ${nameOf(cert)}?`, body: form.element, isBusy: form.isBusy });
}

export async function openDelete(cert, store) {
	const issued = store.all().filter((other) => other.issuer_id === cert.id && other.id !== cert.id).length;
	const isDone = await confirm({
		title: `Delete certificate ${cert.id}, ${nameOf(cert)}?`, action: "Delete", danger: true,
		typed: cert.kind === "ca" ? nameOf(cert) : undefined,
		text: [
			"It goes with its whole history; the ID is not used again.",
			cert.private_key ? `Its key, ${cert.private_key.name}, stays in the TPM until it is deleted, too.` : null,
			cert.kind === "ca" && issued ? `${issued} certificates that it has issued stay, but can no longer be renewed or revoked by it.` : null,
		].filter(Boolean),
		run: () => api.remove(part`/certs/${cert.id}`),
	});

	if (!isDone)
		return;
	go(link("certs", tabOf(cert.kind)));
	store.drop(cert.id);
	toast(`Certificate ${cert.id} is deleted.`);
}
