/*
 * The address after "#/": "#/certs/device/12" is page "certs" with the path ["device", "12"].
 * Hides the history; what is not ours ("#main") is left alone.
 */
export function current() {
	const [path, query] = location.hash.slice(2).split("?");

	return {
		parts: location.hash.startsWith("#/")
			? path.split("/").filter(Boolean).map(decode) : [],
		query: new URLSearchParams(query ?? ""),
	};
}

function decode(part) {
	try {
		return decodeURIComponent(part);
	} catch {
		return part;
	}
}

/* link("certs", "device", 12) → "#/certs/device/12" */
export function link(...parts) {
	return `#/${parts.filter((part) => part !== null && part !== undefined)
		.map((part) => encodeURIComponent(part)).join("/")}`;
}

/* With instead, the place is not one that "back" returns to. */
export function go(address, { instead = false } = {}) {
	if (address === location.hash)
		return;
	if (instead) {
		history.replaceState(null, "", address);
		dispatchEvent(new HashChangeEvent("hashchange"));
	} else {
		location.hash = address;
	}
}

export function onChange(fn) {
	addEventListener("hashchange", () => {
		if (location.hash === "" || location.hash.startsWith("#/"))
			fn();
	});
}
