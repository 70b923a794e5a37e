/*
 * What a certificate says and the API does not: its subject alternative names and the size of its key.
 * It only shows: nothing is decided by it, and what it does not understand it leaves out.
 */
const SAN = "2.5.29.17";
const CURVES = { "1.2.840.10045.3.1.7": "EC P-256", "1.3.132.0.34": "EC P-384", "1.3.132.0.35": "EC P-521" };
const RSA = "1.2.840.113549.1.1.1";
const NAMES = { 1: "E-mail", 2: "DNS", 6: "URI", 7: "IP", 8: "RID" };

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

function nameText({ tag, bytes }) {
	const type = tag & 0x1f;
	const value = { 7: address, 8: oid }[type]?.(bytes) ?? String.fromCharCode(...bytes);

	return NAMES[type] ? { type: NAMES[type], value } : null;
}

function keyText(info) {
	const [algorithm, key] = parts(info);
	const [kind, parameter] = parts(algorithm);

	if (!kind || !key)
		return "";
	if (oid(kind.bytes) !== RSA)
		return parameter ? CURVES[oid(parameter.bytes)] ?? "" : "";
	const [numbers] = elements(key.bytes.subarray(1));
	const [modulus] = parts(numbers);
	const leading = modulus?.bytes[0] === 0 ? 1 : 0;

	return modulus ? `RSA ${(modulus.bytes.length - leading) * 8} bit` : "";
}

/* { names: [{ type, value }], key: "RSA 2048 bit" }; null: it cannot be read. */
export function readDer(pem) {
	try {
		const text = atob(pem.replace(/-----[^-]*-----|\s/g, ""));
		const [certificate] = elements(Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
		const fields = parts(parts(certificate)[0]);
		const at = fields[0].tag === 0xa0 ? 1 : 0;
		const extensions = parts(parts(fields.find((field) => field.tag === 0xa3))[0]).map(parts);
		const san = extensions.find(([id]) => oid(id.bytes) === SAN)?.at(-1);

		return { names: parts(parts(san)[0]).map(nameText).filter(Boolean), key: keyText(fields[at + 5]) };
	} catch {
		return null;
	}
}
