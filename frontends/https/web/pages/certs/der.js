/*
 * What a certificate says and the API does not: its subject alternative names.
 * It only shows: nothing is decided by it, and what it does not understand it leaves out.
 */
const SAN = "2.5.29.17";
const NAMES = { 0: "Other", 1: "E-mail", 2: "DNS", 6: "URI", 7: "IP", 8: "RID" };

function* elements(bytes) {
	for (let at = 0; at + 2 <= bytes.length;) {
		const tag = bytes[at];
		let len = bytes[at + 1];
		let from = at + 2;

		if (len & 0x80) {
			const octets = len & 0x7f;

			len = 0;
			for (let i = 0; i < octets; i++)
				len = len * 256 + bytes[from + i];
			from += octets;
		}
		if (!(from + len <= bytes.length))
			return;
		yield { tag, bytes: bytes.subarray(from, from + len) };
		at = from + len;
	}
}

const parts = (element) => [...elements(element?.bytes ?? new Uint8Array())];

function oid(bytes) {
	const numbers = [];
	let number = 0;

	for (const byte of bytes) {
		number = number * 128 + (byte & 0x7f);
		if (!(byte & 0x80)) {
			numbers.push(number);
			number = 0;
		}
	}
	const first = Math.min(2, Math.floor((numbers[0] ?? 0) / 40));

	return [first, numbers[0] - first * 40, ...numbers.slice(1)].join(".");
}

function address(bytes) {
	if (bytes.length === 4)
		return bytes.join(".");
	const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i] * 256 + bytes[2 * i + 1]).toString(16));

	return bytes.length === 16 ? groups.join(":").replace(/(^|:)0(:0)+(:|$)/, "::") : "";
}

/* RFC 5280 4.2.1.6: a type, and in [0] a value; "OID;text" */
function other(bytes) {
	const [type, tagged] = elements(bytes);
	const [text] = parts(tagged);

	return text?.tag === 0x0c ? `${oid(type.bytes)};${new TextDecoder().decode(text.bytes)}` : oid(type.bytes);
}

function nameText({ tag, bytes }) {
	const type = tag & 0x1f;
	const value = { 0: other, 7: address, 8: oid }[type]?.(bytes) ?? String.fromCharCode(...bytes);

	return NAMES[type] ? { type: NAMES[type], value } : null;
}

/* { names: [{ type, value }] }; null: it cannot be read. */
export function readDer(pem) {
	try {
		const text = atob(pem.replace(/-----[^-]*-----|\s/g, ""));
		const [certificate] = elements(Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
		const fields = parts(parts(certificate)[0]);
		const extensions = parts(parts(fields.find((field) => field.tag === 0xa3))[0]).map(parts);
		const san = extensions.find(([id]) => oid(id.bytes) === SAN)?.at(-1);

		return { names: parts(parts(san)[0]).map(nameText).filter(Boolean) };
	} catch {
		return null;
	}
}
