/* Fields of a certificate's key, hash and validity, as creating, renewing and requesting share them. */
import { api } from "../../api.js";
import { h } from "../../ui/dom.js";
import { radioField, row, selectField, textField } from "../../ui/form.js";
import { fromInput, toInput } from "../../ui/time.js";
import { ALGORITHMS } from "./words.js";

const LENGTHS = new Map(["RSA", "EC"].map((family) =>
	[family, Object.entries(ALGORITHMS).filter(([, algorithm]) => algorithm.family === family)]));

/* What the TPM has; null: not known, then all are offered and keystored decides. */
let offered = null;

async function tpmAlgorithms() {
	offered ??= api.get("/status", { passive: true }).then((status) => status.tpm?.algorithms ?? null, () => null);
	return offered;
}

/* { elements, value: "ec-p256", prefer(value) } */
export function algorithmFields({ onInput, value = "ec-p256" }) {
	let isChosen = false;
	let has = null;
	const touched = () => {
		isChosen = true;
		onInput();
	};
	const family = selectField({ label: "Algorithm", value: ALGORITHMS[value].family, member: "algorithm",
				     options: [{ value: "RSA", text: "RSA" }, { value: "EC", text: "Elliptic curve (ECDSA)" }],
				     onInput: () => {
					     fill();
					     touched();
				     } });
	const length = selectField({ label: "Length or curve", options: [], onInput: touched, member: "algorithm" });
	const fill = (chosen) => {
		length.element.querySelector("label").textContent = family.value === "RSA" ? "Key length" : "Curve";
		length.setOptions(LENGTHS.get(family.value).map(([name, one]) => {
			const isThere = !has || has.includes(name);

			return { value: name, text: isThere ? one.length : `${one.length} – not in this TPM`, disabled: !isThere };
		}), chosen);
	};

	fill(value);
	tpmAlgorithms().then((list) => {
		has = Array.isArray(list) && list.length ? list : null;
		fill(length.value);
	});
	return {
		family, length,
		elements: [family.element, length.element],
		get value() {
			return length.value;
		},
		/* For another purpose; what somebody has chosen stays. */
		prefer(next) {
			if (isChosen || length.value === next)
				return;
			family.control.value = ALGORITHMS[next].family;
			fill(next);
		},
	};
}

export function hashField({ onInput, usual = "As is usual: SHA-256" }) {
	return selectField({ label: "Hash", member: "hash", onInput, value: "",
			     options: [{ value: "", text: usual }, { value: "sha256", text: "SHA-256" },
				       { value: "sha384", text: "SHA-384" }, { value: "sha512", text: "SHA-512" }] });
}

/* { elements, value: { days } or { not_before, not_after } or undefined: as is usual } */
export function validityFields({ onInput, usual = "As is usual" }) {
	const from = textField({ label: "Valid from", type: "datetime-local", value: toInput(new Date()), onInput, required: true, member: "validity" });
	const until = textField({ label: "Valid until", type: "datetime-local", value: toInput(new Date(Date.now() + 365 * 86400000)), onInput, required: true, member: "validity" });
	const exact = row(from, until);
	const choice = selectField({ label: "Validity", member: "validity", value: "", onInput: () => {
		show();
		onInput();
	}, options: [{ value: "", text: usual }, { value: "90", text: "90 days" }, { value: "365", text: "1 year" },
		     { value: "730", text: "2 years" }, { value: "1825", text: "5 years" }, { value: "exact", text: "From … until …" }] });
	const show = () => {
		exact.hidden = choice.value !== "exact";
		from.control.disabled = until.control.disabled = exact.hidden;
	};

	show();
	return {
		choice, from, until, exact,
		elements: [choice.element, exact],
		setUsual(text) {
			choice.control.options[0].textContent = text;
		},
		get value() {
			if (choice.value === "")
				return undefined;
			if (choice.value !== "exact")
				return { days: Number(choice.value) };
			return { not_before: fromInput(from.value), not_after: fromInput(until.value) };
		},
	};
}

/* { fields, elements, value: { key } or { new_key, algorithm } } */
export function keyFields({ onInput, keepText = null, isKept = false }) {
	const algorithm = algorithmFields({ onInput });
	const name = textField({ label: "Name of the key", member: "new_key", onInput, maxlength: 64, hint: "Without one it is named by itself." });
	const keys = selectField({ label: "Key", member: "key", options: [{ value: "", text: "Loading keys…" }], onInput });
	const choice = radioField({
		label: "Private key", value: isKept ? "keep" : "new",
		options: [
			...(keepText ? [{ value: "keep", text: keepText }] : []),
			{ value: "new", text: "A new key", hint: "Made in the TPM, where it stays." },
			{ value: "old", text: "A key that is in the TPM already" },
		],
		onInput: () => {
			show();
			onInput();
		},
	});
	const fresh = h("div.stack", {}, h("div.field-row", {}, algorithm.elements, name.element));
	let isAsked = false;
	const show = async () => {
		fresh.hidden = choice.value !== "new";
		keys.element.hidden = choice.value !== "old";
		if (choice.value !== "old" || isAsked)
			return;
		isAsked = true;
		try {
			const list = await api.all("/keys", "keys", { passive: true, next: (key) => key.name });

			keys.setOptions(list.filter((key) => !key.of_ca).map((key) => ({ value: key.name, text: `${key.name} (${ALGORITHMS[key.algorithm]?.family ?? ""} ${ALGORITHMS[key.algorithm]?.length ?? key.algorithm})` })));
			onInput();
		} catch (error) {
			isAsked = false;
			keys.setError(error.message);
		}
	};

	show();
	return {
		choice, name, keys, algorithm,
		elements: [choice.element, fresh, keys.element],
		get value() {
			if (choice.value === "keep")
				return {};
			if (choice.value === "old")
				return { key: keys.value || undefined };
			return { new_key: name.value.trim() || undefined, algorithm: algorithm.value };
		},
	};
}
