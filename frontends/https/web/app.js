/* Starts the pages: who is logged in, which page the address means, and what happens when that changes. */
import { api, news } from "./api.js";
import { live } from "./live.js";
import { pages } from "./pages.js";
import { current, go, link, onChange } from "./router.js";
import { session } from "./session.js";
import { drawHeader, hideAway, markPage, showAway } from "./shell.js";
import { replace, say } from "./ui/dom.js";

const RETRY_MS = 3000;

const main = document.getElementById("main");
let device = null;
let shown = null; /* { key, controller, listeners } */

function allowed() {
	return pages.filter((page) => page.isPublic || (session.user !== null && session.may(page.right)));
}

function setTitle(text) {
	document.title = [text, device?.name || "keystored"].join(" – ");
}

function focusHead() {
	const head = main.querySelector("h1");

	if (!head)
		return;
	head.tabIndex = -1;
	head.focus({ preventScroll: true });
	scrollTo(0, 0);
}

async function show(key, title, load, path) {
	const isFirst = shown === null;
	const controller = new AbortController();
	const mine = { key, controller, listeners: [] };

	shown?.controller.abort();
	shown = mine;
	setTitle(title);
	try {
		const module = await load();

		if (shown !== mine)
			return;
		replace(main, module.mount({
			path, device, signal: controller.signal, title: setTitle,
			onPath: (fn) => mine.listeners.push(fn),
		}));
	} catch (error) {
		const { failure } = await import("./ui/page.js");

		if (shown !== mine)
			return;
		replace(main, failure(error, () => {
			shown = null;
			route();
		}));
	}
	if (!isFirst || key === "login")
		focusHead();
	if (!isFirst)
		say(title);
}

function route() {
	const { parts: [first, ...path] } = current();
	const page = pages.find((candidate) => candidate.path === first);

	if (session.user === null && !page?.isPublic) {
		markPage(null);
		if (shown?.key !== "login")
			show("login", "Log in", () => import("./pages/login.js"), []);
		return;
	}
	if (!first) {
		const start = allowed().find((candidate) => !candidate.isPublic) ?? allowed()[0];

		if (start)
			go(link(start.path), { instead: true });
		else
			show("nothing", "Nothing to show", () => import("./pages/missing.js"), []);
		return;
	}
	markPage(first);
	if (!page || !allowed().includes(page)) {
		show("missing", "Not found", () => import("./pages/missing.js"), [page ? "right" : "page"]);
		return;
	}
	if (shown?.key === first) {
		for (const fn of shown.listeners)
			fn(path);
		return;
	}
	show(first, page.title, page.load, path);
}

function draw() {
	drawHeader({
		device, pages: allowed(),
		onLogout: () => session.logout().catch(() => {}),
	});
}

async function identify() {
	try {
		device = await api.get("/identification", { passive: true });
	} catch {
		/* The banner says it. */
	}
}

function sessionChanged() {
	shown?.controller.abort();
	shown = null;
	document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());
	if (session.user === null)
		live.stop();
	else
		live.start();
	draw();
	route();
}

async function begin() {
	draw();
	try {
		await Promise.all([identify(), session.load()]);
	} catch {
		const { away } = await import("./ui/page.js");

		replace(main, away());
		setTimeout(begin, RETRY_MS);
		return;
	}
	draw();
	if (session.user !== null)
		live.start();
	onChange(route);
	session.events.addEventListener("change", sessionChanged);
	route();
}

news.addEventListener("away", ({ detail }) => showAway(detail));
news.addEventListener("back", async () => {
	hideAway();
	say("The service is back.");
	await identify();
	session.load().catch(() => {});
});
session.events.addEventListener("ending", async ({ detail }) => {
	const { warnOfEnd } = await import("./pages/ending.js");

	warnOfEnd(detail);
});
document.querySelector(".skip").addEventListener("click", (event) => {
	event.preventDefault();
	main.focus();
});
begin();
