/*
 * What has changed, as the device tells it. Hides the connection, its breaks, and that hints were
 * missed meanwhile.
 *
 *   live.on(["cert", "crl"], (hint) => …, { signal });   hint: { topic, …what the event brought }
 *   live.refresh(["cert"], load, { signal });            load(), once for many hints, not while hidden
 *   live.blocks(["motor"], { signal });                  their values come as topic "data"
 *
 * After a break each listener is called once with topic "missed": ask for everything again. What is
 * asked for by hints is asked passively.
 */
import { news, suspect } from "./api.js";
import { session } from "./session.js";

const TOPICS = ["tpm", "key", "cert", "expiry", "crl", "trust", "rejected", "service", "data"];
const BACK_OFF_MS = [1000, 2000, 5000, 15000];
const GATHER_MS = 200;

const listeners = new Set();
let wanted = [];
let source = null;
let isOn = false;
let attempt = 0;
let timer = 0;
let wasBroken = false;

function tell(hint) {
	for (const { topics, fn } of [...listeners])
		if (hint.topic === "missed" || topics.includes(hint.topic))
			fn(hint);
}

function received(event) {
	let brought = {};

	try {
		brought = JSON.parse(event.data);
	} catch {
		/* A hint without a word is one, too. */
	}
	tell({ ...brought, topic: event.type });
}

function open() {
	clearTimeout(timer);
	source?.close();
	if (!isOn)
		return;
	source = new EventSource("/api/v1/events" +
				 (wanted.length ? `?blocks=${encodeURIComponent(wanted.join(","))}` : ""));
	for (const topic of TOPICS)
		source.addEventListener(topic, received);
	source.addEventListener("logout", () => session.load().catch(() => {}));
	source.addEventListener("down", suspect);
	source.onopen = () => {
		attempt = 0;
		if (wasBroken)
			tell({ topic: "missed" });
		wasBroken = false;
	};
	source.onerror = () => {
		wasBroken = true;
		suspect();
		/* Else the browser tries by itself. */
		if (source.readyState !== EventSource.CLOSED)
			return;
		/* A login that has ended closes it, too. */
		session.load().catch(() => {});
		timer = setTimeout(open, BACK_OFF_MS[Math.min(attempt++, BACK_OFF_MS.length - 1)]);
	};
}

news.addEventListener("back", () => {
	if (!isOn)
		return;
	if (source?.readyState !== EventSource.OPEN)
		open();
	wasBroken = false;
	tell({ topic: "missed" });
});

function on(topics, fn, { signal } = {}) {
	const listener = { topics, fn };

	if (signal?.aborted)
		return;
	listeners.add(listener);
	signal?.addEventListener("abort", () => listeners.delete(listener), { once: true });
}

function refresh(topics, load, { signal } = {}) {
	let gather = 0;
	let isDue = false;
	const run = () => {
		gather = 0;
		isDue = document.hidden;
		if (!isDue && !signal?.aborted)
			load();
	};

	on(topics, () => {
		gather ||= setTimeout(run, GATHER_MS);
	}, { signal });
	document.addEventListener("visibilitychange", () => isDue && run(), { signal });
	signal?.addEventListener("abort", () => clearTimeout(gather), { once: true });
}

function blocks(names, { signal } = {}) {
	const set = (next) => {
		if (next.join() === wanted.join())
			return;
		wanted = next;
		if (isOn)
			open();
	};

	set(names);
	signal?.addEventListener("abort", () => set([]), { once: true });
}

export const live = {
	on, refresh, blocks,
	start() {
		if (!isOn) {
			isOn = true;
			open();
		}
	},
	stop() {
		isOn = false;
		wasBroken = false;
		clearTimeout(timer);
		source?.close();
		source = null;
	},
};
