/* The certificate manager: three tabs, a list in each, and all about the one that is chosen. */
import { go, link } from "../router.js";
import { session } from "../session.js";
import { h, replace } from "../ui/dom.js";
import { dropZone } from "../ui/drop.js";
import { icon } from "../ui/icons.js";
import { makeMenu } from "../ui/menu.js";
import { empty, failure, pageHead, skeleton } from "../ui/page.js";
import { filterBox } from "../ui/table.js";
import { makeTabs } from "../ui/tabs.js";
import { toastError } from "../ui/toast.js";
import { certTable, stateChips } from "./certs/list.js";
import { makeStore } from "./certs/store.js";
import { KINDS, profiles } from "./certs/words.js";

const EMPTY = {
	ca: { title: "No certificate authority yet", text: "Make this project’s own CAs, or import one that signs elsewhere." },
	device: { title: "No device certificate yet", text: "Create the first one, or import a PKCS#12 file that you were given." },
	trusted: { title: "No trusted certificate yet", text: "Import the root and CA certificates of partners. Which service trusts them is chosen under “Trust”." },
};

/* Dialogs come when they are needed: the list is there sooner. */
const dialog = (name, fn) => (...args) => import(`./certs/${name}.js`).then((module) => module[fn](...args)).catch(toastError);
const openCreate = dialog("create", "openCreate");
const openImport = dialog("import", "openImport");
const openSign = dialog("sign", "openSign");
const openMode = dialog("mode", "openMode");

function headActions(store) {
	if (!session.may("manage-certs"))
		return [];
	return [
		makeMenu({ label: "More actions", symbol: "more", items: [
			{ text: "Sign a CSR…", hint: "Certify a request from elsewhere by a CA here", icon: "file", run: () => openSign(store) },
			{ text: "Create a CA…", hint: "Another one of this project", icon: "certificate", run: () => openCreate(store, { profile: "ca" }) },
			{ text: "Local or project mode…", hint: "Whether this device has CAs of its own", icon: "device", run: openMode },
		] }),
		h("button", { type: "button", onclick: () => openImport(store) }, icon("upload"), h("span.wide", {}, "Import")),
		h("button.primary", { type: "button", onclick: () => openCreate(store, {}) }, icon("plus"), "Create certificate"),
	];
}

export function mount(page) {
	const store = makeStore(page);
	const panel = h("div.certs-list");
	const aside = h("aside.certs-detail", { "aria-label": "Certificate", hidden: true });
	const count = h("span.toolbar-count", { "aria-live": "off" });
	const first = h("div");
	const view = h("div.certs-view", {}, panel, aside);
	let kind = KINDS[1];
	let shownId = null;
	let detail = null;
	let text = "";
	let isOfState = () => true;
	const table = certTable({ label: "Certificates", empty: () => empty({
		...EMPTY[kind.key], symbol: "certificate",
		actions: session.may("manage-certs") ? [
			kind.key === "device" ? h("button", { type: "button", onclick: () => openCreate(store, {}) }, icon("plus"), "Create certificate") : null,
			h("button", { type: "button", onclick: () => openImport(store, { kind: kind.key }) }, icon("upload"), "Import"),
		] : [],
	}) });
	const chips = stateChips({ onChoose: (test) => {
		isOfState = test;
		table.setFilter(text, isOfState);
	} });
	const filter = filterBox({ label: "Filter certificates", onInput: (next) => {
		text = next;
		table.setFilter(text, isOfState);
	} });
	const tabs = makeTabs({
		label: "Kinds of certificates", chosen: kind.key, panel,
		tabs: KINDS.map(({ key, text: name, short }) => ({ key, text: name, short })),
		onChoose: (key) => go(link("certs", KINDS.find((one) => one.key === key).tab)),
	});

	table.onShown = (shown, all) => {
		count.textContent = shown === all ? `${all} ${all === 1 ? "certificate" : "certificates"}`
						  : `${shown} of ${all}`;
	};

	async function showDetail(id) {
		shownId = id;
		table.select(id);
		aside.hidden = id === null;
		view.classList.toggle("has-detail", id !== null);
		detail?.abort();
		if (id === null)
			return;
		const mine = new AbortController();

		detail = mine;
		page.signal.addEventListener("abort", () => mine.abort(), { signal: mine.signal });
		const { certDetail } = await import("./certs/detail.js");

		if (mine.signal.aborted)
			return;
		replace(aside, certDetail({ id, store, signal: mine.signal, title: page.title,
					    close: () => go(link("certs", kind.tab)) }));
		aside.querySelector("h2")?.focus({ preventScroll: true });
		if (matchMedia("(max-width: 1399px)").matches)
			scrollTo(0, 0);
	}

	function onPath([tab, id]) {
		const was = kind;

		kind = KINDS.find((candidate) => candidate.tab === tab) ?? KINDS[1];
		tabs.choose(kind.key);
		panel.dataset.kind = kind.key;
		if (was !== kind || !table.rows.length)
			draw();
		const next = id ? Number(id) : null;

		if (next !== shownId) {
			const last = shownId;

			showDetail(next);
			if (next === null && last !== null)
				panel.querySelector(".row-link[tabindex='0']")?.focus({ preventScroll: true });
		}
		page.title(kind.text);
	}

	async function drawFirst() {
		if (store.isPartial || store.list("ca").length || kind.key === "trusted") {
			first.replaceChildren();
			return;
		}
		if (first.firstChild || !session.may("manage-certs"))
			return;
		const { firstRun } = await import("./certs/first_run.js");

		if (!first.firstChild)
			first.append(firstRun(store));
	}

	function draw() {
		const certs = store.list(kind.key);

		for (const { key } of KINDS)
			tabs.setCount(key, store.list(key).length);
		chips.count(certs);
		table.setRows(certs);
		drawFirst();
	}

	function drawLoaded() {
		if (!panel.contains(table.element))
			replace(panel, h("div.toolbar", {}, filter, table.sorter, chips.element, count), table.element);
		draw();
	}

	replace(panel, skeleton(10));
	store.events.addEventListener("change", drawLoaded);
	store.events.addEventListener("failed", ({ detail: error }) => replace(panel, failure(error, () => {
		replace(panel, skeleton(10));
		store.load();
	})));
	/* The columns say what is used as what in words; the list does not wait for them. */
	profiles().then(() => panel.contains(table.element) && table.redraw()).catch(() => {});
	if (session.may("manage-certs"))
		dropZone(document.body, { hint: "Drop a certificate, chain, PKCS#12 or answer to a CSR to import it",
					  signal: page.signal, onFile: (file) => openImport(store, { file }) });
	page.onPath(onPath);
	queueMicrotask(() => onPath(page.path));
	return h("div.certs", {}, pageHead("Certificates", { actions: headActions(store) }), first, tabs.element, view);
}
