/*
 * Types of data blocks: how a value is shown, and whether a text is one (the device decides, this
 * says it while one types).
 *
 *   const type = parseType("Array[0..9] of Word");   { name: "Word", max, array: { first, last } | null }
 *   problemOf(type, "70000")      "a Word takes 0 to 65535, or 16#0 to 16#FFFF"; null: fine
 *   shown(type, 255)              "16#00FF"
 */
const WHOLE = {
	Byte: [0, 255], Word: [0, 65535], DWord: [0, 4294967295],
	Int: [-32768, 32767], DInt: [-2147483648, 2147483647],
};
const HEX_DIGITS = { Byte: 2, Word: 4, DWord: 8 };
const REAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const REAL_MAX = 3.4028235677973366e38;
const STRING_MAX = 254;

export function parseType(text) {
	const array = /^Array\[(-?\d+)\.\.(-?\d+)\] of (.*)$/i.exec(text);
	const [, name, max] = /^(\w+)(?:\[(\d+)\])?$/.exec(array ? array[3] : text) ?? [null, text];

	return {
		name, max: max ? Number(max) : name === "String" ? STRING_MAX : null,
		array: array ? { first: Number(array[1]), last: Number(array[2]) } : null,
	};
}

function whole(text) {
	const based = /^(?:16#([0-9a-f]+)|2#([01]+))$/i.exec(text);

	if (based)
		return based[1] ? parseInt(based[1], 16) : parseInt(based[2], 2);
	return /^[+-]?\d+$/.test(text) ? Number(text) : NaN;
}

function range(name) {
	const [min, max] = WHOLE[name];

	return HEX_DIGITS[name] ? `${min} to ${max}, or 16#0 to 16#${max.toString(16).toUpperCase()}` : `${min} to ${max}`;
}

export function takes(type) {
	if (WHOLE[type.name])
		return range(type.name);
	return {
		Bool: "TRUE or FALSE",
		Real: "a number as 2.5 or 1e6, NaN, Infinity or -Infinity",
		Char: "one character",
		String: `up to ${type.max} characters`,
	}[type.name] ?? "";
}

function charactersProblem(type, text) {
	const foreign = [...text].find((character) => character.codePointAt(0) > 255);

	if (foreign)
		return `“${foreign}” is not a character of ISO 8859-1, which controllers use.`;
	if (type.name === "Char" && text.length !== 1)
		return "A Char takes one character.";
	return text.length > type.max && type.name === "String"
		? `This String takes ${type.max} characters; these are ${text.length}.` : null;
}

export function problemOf(type, text) {
	if (type.name === "Char" || type.name === "String")
		return charactersProblem(type, text);
	if (type.name === "Bool")
		return /^(true|false|0|1)$/i.test(text) ? null : "A Bool takes TRUE or FALSE.";
	if (type.name === "Real")
		return (REAL.test(text) && Math.abs(Number(text)) < REAL_MAX) || /^(nan|[+-]?infinity)$/i.test(text)
			? null : `A Real takes ${takes(type)}.`;
	if (!WHOLE[type.name])
		return null;
	const value = whole(text);
	const [min, max] = WHOLE[type.name];

	return value >= min && value <= max ? null : `${/^[AEIO]/.test(type.name) ? "An" : "A"} ${type.name} takes ${range(type.name)}.`;
}

export function shown(type, value) {
	if (value === null || value === undefined)
		return "–";
	if (typeof value === "boolean")
		return value ? "TRUE" : "FALSE";
	if (HEX_DIGITS[type.name] && typeof value === "number")
		return `16#${value.toString(16).toUpperCase().padStart(HEX_DIGITS[type.name], "0")}`;
	return String(value);
}
