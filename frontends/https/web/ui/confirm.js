/*
 * confirm({ title: "Delete certificate 12?", text: ["It goes with its history. …"], action: "Delete",
 *           danger: true, typed: "Plant CA", run: async () => … }) → true once run() is done.
 *
 * title names the object, text says what will happen; run's failure is shown in the dialog. typed: a
 * word that must be written first, for what cannot be got back and others rest on.
 */
import { openDialog } from "./dialog.js";
import { h } from "./dom.js";
import { makeForm, textField } from "./form.js";

export function confirm({ title, text = [], action, danger = false, typed, run }) {
	return new Promise((done) => {
		const word = typed ? textField({ label: `Type “${typed}” to go on`, required: true,
						 onInput: () => form.setReady(word.value.trim() === typed) }) : null;
		const form = makeForm({
			fields: [h("div.prose", {}, [text].flat().map((line) => line instanceof Node ? line : h("p", {}, line))),
				 word].filter(Boolean),
			submit: action, danger, submitDisabled: Boolean(typed),
			onSubmit: async () => {
				await run?.();
				dialog.close(true);
			},
			onCancel: () => dialog.close(false),
		});
		const dialog = openDialog({ title, body: form.element, role: "alertdialog", isBusy: form.isBusy,
					    onClose: (value) => done(value === true) });

		if (!typed)
			form.element.querySelector(".form-buttons button").focus();
	});
}
