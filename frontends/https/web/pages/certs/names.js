/* Fields of what a certificate says about its holder: subject, and subject alternative names. */
import { h } from "../../ui/dom.js";
import { textField, wrapField } from "../../ui/form.js";
import { icon } from "../../ui/icons.js";

const TYPES = [
	{ value: "dns", text: "DNS", example: "plc-1.plant.example" },
	{ value: "ip", text: "IP", example: "192.0.2.10" },
	{ value: "uri", text: "URI", example: "urn:plant-north:plc-1" },
	{ value: "email", text: "E-mail", example: "plant@company.example" },
	{ value: "rid", text: "RID", example: "1.3.6.1.4.1.99999.1" },
	{ value: "other", text: "Other", example: "1.3.6.1.4.1.311.20.2.3;anna@plant.example",
	  hint: "The number of its type, a semicolon, and the text. 1.3.6.1.4.1.311.20.2.3 is a Microsoft user (UPN)." },
];

/* What one most likely means; null: no idea yet. */
function guess(text) {
	if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text) || /^[0-9a-f]*:[0-9a-f:.]+$/i.test(text))
		return "ip";
	if (/^urn:|:\/\//.test(text))
		return "uri";
	if (/^\d+(\.\d+)+;/.test(text))
		return "other";
	if (/^[^@]+@[^@]+$/.test(text))
		return "email";
	if (/^\d+(\.\d+){4,}$/.test(text))
		return "rid";
	return null;
}

/* RFC 4514 2.4 */
function escape(text) {
	return text.trim().replace(/([\\,+"<>;=])/g, "\\$1").replace(/^#/, "\\#");
}

/* { fields, commonName, value } with the subject as a DN. */
export function subjectFields({ onInput, commonName = "", organization = "" }) {
	const name = textField({ label: "Common name", required: true, member: "subject", value: commonName, onInput,
				 hint: "What it is called in lists, for example plc-1.", maxlength: 64 });
	const more = [
		["O", textField({ label: "Organization", value: organization, onInput, maxlength: 64 })],
		["OU", textField({ label: "Organizational unit", onInput, maxlength: 64 })],
		["L", textField({ label: "Locality", onInput, maxlength: 128 })],
		["ST", textField({ label: "State or province", onInput, maxlength: 128 })],
		["C", textField({ label: "Country", onInput, maxlength: 2, hint: "Two letters: DE." })],
	];
	const [[, organizationField], ...rest] = more;

	return {
		name,
		elements: [h("div.field-row", {}, name.element, organizationField.element),
			   h("details.more", {}, h("summary", {}, "More of the subject"),
			     h("div.field-row", {}, rest.map(([, field]) => field.element)))],
		get commonName() {
			return name.value.trim();
		},
		get value() {
			return [["CN", name], ...more].filter(([, field]) => field.value.trim())
				.map(([type, field]) => `${type}=${escape(field.value)}`).join(",");
		},
	};
}

/* A field whose value is [{ type, value }]; suggest(text) gives names that one click adds. */
export function namesField({ onInput }) {
	const list = h("div.names");
	const offers = h("div.chips");
	const rows = [];
	const field = wrapField({ label: "Subject alternative names (SAN)", member: "names", isGroup: true, required: true,
				  control: h("div.names", {}, list, h("div.actions", {},
					h("button.small", { type: "button", onclick: () => add({}).focus() }, icon("plus", 16), "Add name"), offers)),
				  value: () => rows.filter((row) => row.input.value.trim()).map((row) => ({ type: row.select.value, value: row.input.value.trim() })) });

	function add({ type = "dns", value = "" }) {
		const at = rows.length + 1;
		const select = h("select", { "aria-label": `Type of name ${at}`, value: type, onchange: () => {
			isChosen = true;
			example();
			onInput();
		} }, TYPES.map((one) => h("option", { value: one.value }, one.text)));
		const input = h("input", { type: "text", "aria-label": `Name ${at}`, autocomplete: "off", spellcheck: "false", autocapitalize: "none", value,
					   oninput: () => {
						   const meant = isChosen ? null : guess(input.value.trim());

						   if (meant && meant !== select.value) {
							   select.value = meant;
							   example();
						   }
						   onInput();
					   } });
		let isChosen = false;
		const hint = h("p.hint");
		const example = () => {
			const { example: text, hint: more = "" } = TYPES.find((one) => one.value === select.value);

			input.placeholder = text;
			hint.textContent = more;
			hint.hidden = !more;
		};
		const row = { select, input, example };
		const line = h("div.name-row", {}, select, input, h("button.quiet.icon-only", {
			type: "button", "aria-label": `Remove name ${at}`, onclick: () => {
				rows.splice(rows.indexOf(row), 1);
				line.remove();
				hint.remove();
				(rows.at(-1)?.input ?? field.element.querySelector("button")).focus();
				onInput();
			},
		}, icon("close", 16)));

		example();
		rows.push(row);
		list.append(line, hint);
		return input;
	}

	add({});
	field.suggest = (names) => {
		const has = (name) => field.value.some((one) => one.type === name.type && one.value === name.value);

		offers.replaceChildren(...names.filter((name) => name.value && !has(name)).map((name) =>
			h("button.chip", { type: "button", onclick: (event) => {
				const empty = rows.find((row) => !row.input.value.trim());

				if (empty) {
					empty.select.value = name.type;
					empty.input.value = name.value;
					empty.example();
				} else {
					add(name);
				}
				event.currentTarget.remove();
				onInput();
			} }, icon("plus", 14), h("span.chip-text", {}, name.value))));
	};
	/* A purpose that wants another type first: only while nothing is written. */
	field.prefer = (type) => {
		if (rows.length === 1 && !rows[0].input.value) {
			rows[0].select.value = type;
			rows[0].example();
		}
	};
	field.control.focus = () => rows[0]?.input.focus();
	return field;
}
