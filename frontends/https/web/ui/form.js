/*
 * Forms: labels, hints, errors at the field they belong to, and the button that is busy.
 *
 *   const name = textField({ label: "Name", hint: "…", required: true, member: "name" });
 *   const form = makeForm({
 *           fields: [name, …nodes], submit: "Create",
 *           onSubmit: async () => { await api.post(…{ body: { name: name.value } }); dialog.close(); },
 *           onCancel: () => dialog.close(),
 *   });
 *
 * A field is { element, control, value, member, setError(text, kind) }. What onSubmit throws is shown
 * at the field whose member it names, else above the buttons. textField takes type, selectField
 * options ([{ value, text, disabled }] or texts; a nested options is a group), checkField a label
 * beside its box, radioField options with hint. All take value, hint, onInput, disabled.
 */
import { append, h, replace, unique } from "./dom.js";
import { icon } from "./icons.js";

function message(text, kind) {
	return [icon(kind === "warning" ? "warn" : "error", 16), h("span", {}, text)];
}

/* Label, control, hint and error around a control of any make. */
export function wrapField({ label, hint, control, member = null, required = false, isGroup = false, value }) {
	const id = control.id || (control.id = unique("field"));
	const hintId = `${id}-hint`;
	const errorId = `${id}-error`;
	const error = h("div.field-error", { id: errorId, "aria-live": "polite" });
	const mark = required ? null : h("span.optional", {}, "optional");
	const element = h("div.field", {},
			  isGroup ? h("div.label", { id: `${id}-label` }, label, " ", mark)
				  : h("div.label", {}, h("label", { for: id }, label), " ", mark),
			  control, hint ? h("p.hint", { id: hintId }, hint) : null, error);

	if (isGroup) {
		control.setAttribute("role", control.getAttribute("role") ?? "group");
		control.setAttribute("aria-labelledby", `${id}-label`);
	}
	if (required && !isGroup)
		control.setAttribute("aria-required", "true");
	control.setAttribute("aria-describedby", [hint ? hintId : null, errorId].filter(Boolean).join(" "));
	return {
		element, control, member,
		get value() {
			return value ? value() : control.value;
		},
		setError(text, kind = "error") {
			error.classList.toggle("is-warning", kind === "warning");
			element.classList.toggle("has-error", Boolean(text) && kind === "error");
			if (error.textContent !== (text ?? ""))
				replace(error, text ? message(text, kind) : []);
			if (text && kind === "error")
				control.setAttribute("aria-invalid", "true");
			else
				control.removeAttribute("aria-invalid");
		},
	};
}

export function textField({ label, hint, member, required = false, type = "text", value = "", onInput, rows, ...rest }) {
	const control = rows ? h("textarea", { rows, required, ...rest })
			     : h("input", { type, required, autocomplete: "off", spellcheck: "false", ...rest });

	control.value = value;
	if (onInput)
		control.addEventListener("input", onInput);
	return wrapField({ label, hint, control, member, required });
}

function optionNodes(options) {
	return options.map((option) => {
		if (option.options)
			return h("optgroup", { label: option.text }, optionNodes(option.options));
		const { value, text, disabled } = typeof option === "string" ? { value: option, text: option } : option;

		return h("option", { value, disabled: Boolean(disabled) }, text);
	});
}

export function selectField({ label, hint, member, required = true, options, value, onInput, ...rest }) {
	const control = h("select", { required, ...rest }, optionNodes(options));

	if (value !== undefined)
		control.value = value;
	if (onInput)
		control.addEventListener("input", onInput);
	const field = wrapField({ label, hint, control, member, required });

	/* Keeps what was chosen, if it is still there. */
	field.setOptions = (next, chosen = control.value) => {
		replace(control, optionNodes(next));
		control.value = chosen;
		if (control.selectedIndex < 0)
			control.selectedIndex = 0;
	};
	return field;
}

export function checkField({ label, hint, member, value = false, onInput, disabled = false }) {
	const id = unique("field");
	const control = h("input", { type: "checkbox", id, checked: value, disabled,
				     "aria-describedby": `${id}-hint` });

	if (onInput)
		control.addEventListener("input", onInput);
	return {
		control, member,
		element: h("div.field.field-check", {}, control,
			   h("div", {}, h("label", { for: id }, label), hint ? h("p.hint", { id: `${id}-hint` }, hint) : null)),
		get value() {
			return control.checked;
		},
		setError() {},
	};
}

export function radioField({ label, hint, member, options, value, onInput }) {
	const name = unique("radio");
	const inputs = options.map((option) => h("input", {
		type: "radio", name, id: unique("field"), value: option.value,
		checked: option.value === value, disabled: option.disabled ?? false,
	}));
	const control = h("div.radios", { role: "radiogroup" }, options.map((option, i) =>
		h("div.field-check", {}, inputs[i], h("div", {}, h("label", { for: inputs[i].id }, option.text),
						      option.hint ? h("p.hint", {}, option.hint) : null))));

	if (onInput)
		control.addEventListener("input", onInput);
	return wrapField({ label, hint, control, member, required: true, isGroup: true,
			   value: () => inputs.find((input) => input.checked)?.value });
}

/* Fields side by side where there is room. */
export function row(...fields) {
	return h("div.field-row", {}, fields.map((field) => field.element ?? field));
}

export function makeForm({ fields, layout, submit, danger = false, onSubmit, onCancel, submitDisabled = false }) {
	const problem = h("div.form-problem", { role: "alert" });
	const button = h(`button${danger ? ".danger" : ".primary"}`, { type: "submit", disabled: submitDisabled }, submit);
	let isBusy = false;
	const known = fields.filter((field) => field.setError);
	const showError = (error) => {
		const field = known.find((candidate) => candidate.member && error.member &&
			(error.member === candidate.member || error.member.startsWith(`${candidate.member}.`) ||
			 error.member.startsWith(`${candidate.member}[`)));

		if (!field) {
			replace(problem, message(error.message, "error"));
			return;
		}
		field.setError(error.message);
		field.control.focus();
	};
	const element = h("form.form", {
		novalidate: true,
		onsubmit: async (event) => {
			event.preventDefault();
			if (isBusy || button.disabled)
				return;
			/* A choice has always been made, and what is not shown is not asked for. */
			const missing = known.find(({ control, element: box }) => control.required && !control.disabled &&
				control.tagName !== "SELECT" && box.offsetParent !== null && control.value === "");

			problem.replaceChildren();
			known.forEach((field) => field.setError(null));
			if (missing) {
				missing.setError("This is needed.");
				missing.control.focus();
				return;
			}
			isBusy = true;
			button.setAttribute("aria-busy", "true");
			try {
				await onSubmit();
			} catch (error) {
				if (error.name !== "AbortError")
					showError(error);
			}
			isBusy = false;
			button.removeAttribute("aria-busy");
		},
	});

	append(element, layout ?? fields.map((field) => field.element ?? field), problem,
	       h("div.form-buttons", {},
		 onCancel ? h("button", { type: "button", onclick: onCancel }, "Cancel") : null, button));
	return {
		element, button, showError,
		isBusy: () => isBusy,
		setReady: (isReady) => {
			button.disabled = !isReady;
		},
	};
}
