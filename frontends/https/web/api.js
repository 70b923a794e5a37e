/*
 * The JSON API. Hides headers, the token against forged requests, problem+json, and that the
 * service may be away.
 *
 *   const { certs } = await api.get("/certs", { query: { kind: "ca" }, passive: true, signal });
 *   await api.post("/certs", { body });             // likewise put, patch, remove
 *   await api.download("/certs/3/file", { query: { format: "pem" } });
 *
 * What fails throws an ApiError: message is a sentence for people, with the way out; code is stable;
 * member names the member of the body; sentence(text) makes one of what else it says. passive: the
 * page asks by itself; it keeps no login alive.
 */
const ROOT = "/api/v1";
const BACK_OFF_MS = [1000, 2000, 4000, 8000, 15000];

/* The device's are parts of one, as a command line prints them. */
export function sentence(text) {
	const begun = /^(keystored|keystore-)/.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1);

	return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

export class ApiError extends Error {
	constructor(status, { code, detail, member, title } = {}) {
		super(sentence(detail || title || "the service has answered in a way that this page does not know"));
		this.status = status;
		this.code = code ?? "unknown";
		this.member = member ?? null;
	}

	/* Nothing is wrong with what was asked: it can be asked again when the service is back. */
	get isAway() {
		return this.status === 0 || this.status === 503 || this.status === 504;
	}
}

/*
 * Events: "login" (one is needed), "active" (a request kept the login alive), "away" and "back" (the
 * service; away.detail is { what, message, seconds }, again for each new try).
 */
export const news = new EventTarget();

let csrf = "";
let renewed = async () => false;
let away = null;

export function setCsrf(token) {
	csrf = token ?? "";
}

/* Whether somebody was told that the service is away: then "back" will come. */
export function isAway() {
	return away?.told === true;
}

/* Called when the token was refused: another page of this browser has logged in. True: try again. */
export function onStaleToken(fn) {
	renewed = fn;
}

async function problem(response) {
	let body = {};

	try {
		body = await response.json();
	} catch {
		/* Somebody between has answered, or the connection broke. */
	}
	return new ApiError(response.status, body);
}

function url(path, query) {
	const parameters = new URLSearchParams();

	for (const [name, value] of Object.entries(query ?? {}))
		if (value !== undefined && value !== null && value !== "")
			parameters.set(name, value);
	return ROOT + path + (parameters.size ? `?${parameters}` : "");
}

async function send(method, path, { body, query, passive = false, signal } = {}) {
	const headers = { Accept: "application/json, application/octet-stream" };

	if (method !== "GET" && csrf)
		headers["Keystore-CSRF"] = csrf;
	if (passive)
		headers["Keystore-Passive"] = "1";
	if (body !== undefined)
		headers["Content-Type"] = "application/json";
	try {
		return await fetch(url(path, query), {
			method, headers, signal, cache: "no-store", credentials: "same-origin",
			body: body === undefined ? undefined : JSON.stringify(body),
		});
	} catch (error) {
		if (error.name === "AbortError")
			throw error;
		throw new ApiError(0, { code: "unreachable", detail: "The device does not answer. Check the network." });
	}
}

/* Whether the service is away is asked of the device, since one request may fail for less. */
async function probe() {
	try {
		const response = await send("GET", "/identification", { passive: true });

		if (!response.ok)
			return { what: "device", message: "The device answers, but its web service does not work." };
		if ((await response.json()).keystored === "down")
			return { what: "keystored",
				 message: "keystored is not running, or does not answer. Certificates and keys are safe; nothing can be shown or changed meanwhile." };
		return null;
	} catch {
		return { what: "device", message: "The device does not answer. Check the network." };
	}
}

async function watch(attempt) {
	const why = await probe();
	const wait = BACK_OFF_MS[Math.min(attempt, BACK_OFF_MS.length - 1)];

	if (!why) {
		const wasTold = away?.told;

		away = null;
		if (wasTold)
			news.dispatchEvent(new Event("back"));
		return;
	}
	away = { told: true, timer: setTimeout(watch, wait, attempt + 1) };
	news.dispatchEvent(new CustomEvent("away", { detail: { ...why, seconds: wait / 1000 } }));
}

/* Called by whoever has seen a sign of it. */
export function suspect() {
	if (away)
		return;
	away = { told: false, timer: 0 };
	watch(0);
}

export function tryNow() {
	if (!away?.timer)
		return;
	clearTimeout(away.timer);
	away.timer = 0;
	watch(0);
}

addEventListener("online", tryNow);

async function request(method, path, options = {}) {
	let response;

	try {
		response = await send(method, path, options);
	} catch (error) {
		if (error instanceof ApiError)
			suspect();
		throw error;
	}
	if (response.ok) {
		/* It is back sooner than the next try. */
		tryNow();
		if (!options.passive)
			news.dispatchEvent(new Event("active"));
		return response;
	}
	const error = await problem(response);

	if (error.code === "forged" && !options.isAgain && await renewed())
		return request(method, path, { ...options, isAgain: true });
	if (error.isAway)
		suspect();
	if (error.status === 401 && !options.isEntry)
		news.dispatchEvent(new Event("login"));
	throw error;
}

async function json(method, path, options) {
	const response = await request(method, path, options);

	if (response.status === 204)
		return undefined;
	try {
		return await response.json();
	} catch (error) {
		if (error.name === "AbortError")
			throw error;
		throw new ApiError(0, { code: "unreachable", detail: "The answer broke off. Try again." });
	}
}

function fileName(response, fallback) {
	const disposition = response.headers.get("Content-Disposition") ?? "";

	return /filename="?([^";]+)"?/.exec(disposition)?.[1] ?? fallback;
}

export function save(blob, name) {
	const link = document.createElement("a");
	const address = URL.createObjectURL(blob);

	link.href = address;
	link.download = name;
	document.body.append(link);
	link.click();
	link.remove();
	/* The browser still reads from it. */
	setTimeout(() => URL.revokeObjectURL(address), 60000);
}

/* All pages of a list; onPage gets what is there so far, so that it can be shown early. */
async function all(path, member, { query = {}, next = (item) => item.id, onPage, ...options } = {}) {
	const items = [];
	let after;

	for (;;) {
		const page = await json("GET", path, { ...options, query: { ...query, after } });

		items.push(...page[member]);
		onPage?.(items, Boolean(page.more));
		if (!page.more || page[member].length === 0)
			return items;
		after = next(page[member].at(-1));
	}
}

export const api = {
	get: (path, options) => json("GET", path, options),
	post: (path, options) => json("POST", path, options),
	put: (path, options) => json("PUT", path, options),
	patch: (path, options) => json("PATCH", path, options),
	remove: (path, options) => json("DELETE", path, options),
	all,

	/* Hands the file to the browser; returns its name. method "POST" with a body where it needs one. */
	async download(path, { name = "file", method = "GET", ...options } = {}) {
		const response = await request(method, path, options);
		const called = fileName(response, name);

		save(await response.blob(), called);
		return called;
	},

	async text(path, options) {
		return (await request("GET", path, options)).text();
	},
};

/* A path's part: part`/users/${name}`. */
export function part(texts, ...values) {
	return texts.reduce((path, text, i) => path + encodeURIComponent(values[i - 1]) + text);
}

/* Bytes of a file as the API takes them. */
export function base64(bytes) {
	let text = "";

	for (let at = 0; at < bytes.length; at += 0x8000)
		text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
	return btoa(text);
}
