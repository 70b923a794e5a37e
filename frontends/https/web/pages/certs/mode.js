/* Local or project mode. */
import { api } from "../../api.js";
import { openDialog } from "../../ui/dialog.js";
import { makeForm, radioField } from "../../ui/form.js";
import { toast } from "../../ui/toast.js";

const MODES = [
	{ value: "local", text: "Local", hint: "Certificates of this device only; each signs itself, or has a CA elsewhere." },
	{ value: "project", text: "Project", hint: "With CAs of its own in the TPM, which sign for this device and others." },
];

export async function openMode() {
	const { mode } = await api.get("/mode");
	const choice = radioField({ label: "Mode", member: "mode", value: mode, options: MODES,
				    hint: "Switching deletes nothing: all certificates and keys stay." });
	const form = makeForm({
		fields: [choice], submit: "Save",
		onSubmit: async () => {
			const next = await api.put("/mode", { body: { mode: choice.value } });

			dialog.close();
			toast(`The mode is ${next.mode}.`);
		},
		onCancel: () => dialog.close(),
	});
	const dialog = openDialog({ title: "Local or project mode", body: form.element, isBusy: form.isBusy });
}
