/*
 * Parts that each page has.
 *
 *   pageHead("Certificates", { lead: "…", actions: [button] })   with the h1
 *   section("Login", …children)                                  a card with an h2
 *   skeleton(rows)                  in the place of what is being loaded
 *   empty({ title, text, actions })  nothing is there: says what to do next
 *   failure(error, retry)            it could not be loaded; tries again when the service is back
 *   resource(page, load, show)       all of it: a box that has the skeleton, then what show(data)
 *                                    returns, or the failure; returns { element, reload() }
 *   facts([["Serial", text], …])     a list of names and values
 */
import { isAway, news } from "../api.js";
import { h, hidden, replace } from "./dom.js";
import { icon } from "./icons.js";

const TRIES = 3;
const TRY_MS = 2000;

export function pageHead(title, { lead, actions = [] } = {}) {
	return h("div.page-head", {},
		 h("div", {}, h("h1", {}, title), lead ? h("p.lead", {}, lead) : null),
		 actions.length ? h("div.actions", {}, actions) : null);
}

export function section(title, ...children) {
	return h("section.card", { "aria-label": title }, h("h2", {}, title), children);
}

export function skeleton(rows = 6) {
	return h("div.skeleton", {}, hidden("Loading"),
		 Array.from({ length: rows }, () => h("div.skeleton-row", { "aria-hidden": "true" })));
}

export function empty({ title, text, actions = [], symbol = "info" }) {
	return h("div.empty", {}, icon(symbol, 32), h("h2", {}, title), text ? h("p", {}, text) : null,
		 actions.length ? h("div.actions", {}, actions) : null);
}

export function failure(error, retry) {
	const box = h("div.empty.failure", { role: "alert" }, icon("warn", 32),
		      h("h2", {}, error.isAway ? "This cannot be shown now" : "This cannot be shown"),
		      h("p", {}, error.message),
		      retry ? h("div.actions", {}, h("button", { type: "button", onclick: () => retry() },
						     icon("refresh"), "Try again")) : null);
	const again = () => box.isConnected && retry?.();

	news.addEventListener("back", again, { once: true });
	return box;
}

/* In the place of every page, as long as nobody knows who is logged in. */
export function away() {
	return h("div.empty.failure", {}, icon("warn", 32), h("h1", {}, "The service is away"),
		 h("p", {}, "keystored does not answer. Certificates and keys are safe. This page tries again by itself and goes on as soon as the service is back."),
		 skeleton(1));
}

export function resource(page, load, show, { rows = 6 } = {}) {
	const element = h("div.resource", { "aria-busy": "true" }, skeleton(rows));
	let turn = 0;
	let tries = 0;
	let isShown = false;
	/* What a page asks for by itself keeps no login alive; the first time somebody came here. */
	const reload = async ({ passive = isShown } = {}) => {
		const mine = ++turn;

		try {
			const data = await load({ passive, signal: page.signal });

			if (mine !== turn || page.signal?.aborted)
				return;
			replace(element, show(data));
			isShown = true;
			tries = 0;
		} catch (error) {
			if (error.name === "AbortError" || mine !== turn || page.signal?.aborted)
				return;
			failed(error);
		}
		element.removeAttribute("aria-busy");
	};

	/* While the service is away the banner says so: what is shown stays, and so does the skeleton. */
	function failed(error) {
		const again = () => reload({ passive: true });

		if (error.isAway && isAway())
			news.addEventListener("back", again, { once: true, signal: page.signal });
		else if (error.isAway && tries++ < TRIES)
			setTimeout(again, TRY_MS);
		else {
			replace(element, failure(error, () => reload({ passive: false })));
			isShown = false;
		}
	}

	reload();
	return { element, reload };
}

export function facts(list) {
	return h("dl.facts", {}, list.filter((fact) => fact && fact[1] !== null && fact[1] !== undefined && fact[1] !== "")
		.map(([name, ...value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}
