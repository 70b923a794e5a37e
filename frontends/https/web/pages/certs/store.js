/*
 * The certificates of all kinds as they come, page by page, and as hints change them. One change is
 * one request; after a break everything is asked for again.
 *
 *   const store = makeStore(page); store.list("device"), store.byId(12), store.count("ca")
 *   store.events: "change", and "failed" with detail error while there is nothing to show
 */
import { api, part } from "../../api.js";
import { live } from "../../live.js";

const SHOW_MS = 300;
const GATHER_MS = 150;
const SINGLE_MAX = 20; /* of hints at once; of more everything is asked for */

export function makeStore(page) {
	const events = new EventTarget();
	const { signal } = page;
	let certs = new Map();
	let isLoaded = false;
	let isPartial = true;
	let changed = new Set();
	let timer = 0;
	let shownAt = 0;
	const tell = () => events.dispatchEvent(new Event("change"));

	async function load({ passive = true } = {}) {
		const next = new Map();

		try {
			await api.all("/certs", "certs", { passive, signal, query: { limit: 1000 }, onPage: (items, more) => {
				for (let at = next.size; at < items.length; at++)
					next.set(items[at].id, items[at]);
				/* The first time what is there is shown; later only what is whole. */
				if (!more || (!isLoaded && Date.now() - shownAt > SHOW_MS)) {
					shownAt = Date.now();
					certs = next;
					isPartial = more;
					tell();
				}
			} });
			isLoaded = true;
		} catch (error) {
			if (error.name !== "AbortError" && certs.size === 0)
				events.dispatchEvent(new CustomEvent("failed", { detail: error }));
		}
	}

	async function refetch(id) {
		try {
			const cert = await api.get(part`/certs/${id}`, { passive: true, signal });

			certs.set(cert.id, cert);
		} catch (error) {
			if (error.status === 404)
				certs.delete(id);
		}
	}

	async function flush() {
		const ids = [...changed];

		changed = new Set();
		timer = 0;
		if (ids.includes(0) || ids.length > SINGLE_MAX)
			await load();
		else
			await Promise.all(ids.map(refetch));
		tell();
	}

	function touch(id) {
		changed.add(Number(id) || 0);
		timer ||= setTimeout(flush, GATHER_MS);
	}

	live.on(["cert", "expiry"], (hint) => touch(hint.topic === "missed" ? 0 : hint.id ?? hint.cert_id), { signal });
	signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
	load({ passive: false });
	return {
		events, load,
		get isPartial() {
			return isPartial;
		},
		list: (kind) => [...certs.values()].filter((cert) => cert.kind === kind),
		all: () => [...certs.values()],
		byId: (id) => certs.get(Number(id)),
		/* What an answer has brought needs no hint. */
		put(...answers) {
			for (const cert of answers.filter(Boolean))
				certs.set(cert.id, cert);
			tell();
		},
		drop(id) {
			certs.delete(id);
			tell();
		},
	};
}
