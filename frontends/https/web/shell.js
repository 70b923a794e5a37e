/* What is around a page: name of the device, navigation, theme, login, and the banner. */
import { tryNow } from "./api.js";
import { link } from "./router.js";
import { session } from "./session.js";
import { h, replace } from "./ui/dom.js";
import { icon } from "./ui/icons.js";

const THEMES = [
	{ name: "auto", text: "As the system", icon: "auto" },
	{ name: "light", text: "Light", icon: "sun" },
	{ name: "dark", text: "Dark", icon: "moon" },
];

function themeNow() {
	return document.documentElement.dataset.theme ?? "auto";
}

function setTheme(name) {
	const root = document.documentElement;

	if (name === "auto")
		delete root.dataset.theme;
	else
		root.dataset.theme = name;
	try {
		if (name === "auto")
			localStorage.removeItem("theme");
		else
			localStorage.setItem("theme", name);
	} catch {
		/* Not remembered, then. */
	}
}

function themeSwitch() {
	const buttons = THEMES.map((theme) => h("button.theme", {
		type: "button", title: theme.text, "aria-label": `Theme: ${theme.text.toLowerCase()}`,
		"aria-pressed": String(theme.name === themeNow()),
		onclick: (event) => {
			setTheme(theme.name);
			for (const button of buttons)
				button.setAttribute("aria-pressed", String(button === event.currentTarget));
		},
	}, icon(theme.icon, 18)));

	return h("div.themes", { role: "group", "aria-label": "Theme" }, buttons);
}

function navigation(pages) {
	return h("nav.nav", { "aria-label": "Pages" }, h("ul", {}, pages.map((page) =>
		h("li", {}, h("a.nav-link", { href: link(page.path), dataset: { path: page.path } },
			      icon(page.icon), page.title)))));
}

function account(onLogout) {
	if (session.user === null)
		return null;
	return h("div.account", {},
		 h("div.account-who", {},
		   h("b", {}, session.user),
		   h("span", {}, session.roles.join(", "))),
		 h("button.quiet.icon-only", { type: "button", "aria-label": "Log out", title: "Log out",
					       onclick: onLogout }, icon("logout")));
}

function brand(device) {
	return h("a.brand", { href: "#/", title: "Start page" },
		 h("span.brand-mark", {}, icon("key", 18)),
		 h("span.brand-text", {},
		   h("b", {}, device?.name || "keystored"),
		   h("span", {}, device?.location || device?.host || "")));
}

/* Draws the header anew: another user, another device. */
export function drawHeader({ device, pages, onLogout }) {
	const header = document.getElementById("header");
	const panel = h("div.header-panel", { id: "header-panel" },
			pages.length ? navigation(pages) : null,
			h("div.header-foot", {}, account(onLogout), themeSwitch()));
	const toggle = h("button.quiet.icon-only.menu-toggle", {
		type: "button", "aria-label": "Menu", "aria-expanded": "false", "aria-controls": "header-panel",
		onclick: () => setMenu(toggle.getAttribute("aria-expanded") !== "true"),
	}, icon("menu"));

	replace(header, brand(device), toggle, panel);
}

function setMenu(isOpen) {
	const toggle = document.querySelector(".menu-toggle");

	document.getElementById("header").classList.toggle("is-open", isOpen);
	toggle?.setAttribute("aria-expanded", String(isOpen));
}

document.getElementById("header").addEventListener("keydown", (event) => {
	if (event.key !== "Escape")
		return;
	setMenu(false);
	document.querySelector(".menu-toggle")?.focus();
});

export function markPage(path) {
	for (const place of document.querySelectorAll(".nav-link")) {
		if (place.dataset.path === path)
			place.setAttribute("aria-current", "page");
		else
			place.removeAttribute("aria-current");
	}
	setMenu(false);
}

export function showAway({ what, message, seconds }) {
	const banner = document.getElementById("banner");
	const title = what === "keystored" ? "keystored is away." : "The device is away.";

	/* Said once: a new try is no news for a screen reader. */
	if (banner.dataset.what !== what) {
		replace(banner, icon("warn"),
			h("p", {}, h("b", {}, title), " ", message),
			h("span.banner-next", { "aria-hidden": "true" }),
			h("button.small", { type: "button", onclick: tryNow }, "Try now"));
		banner.dataset.what = what;
	}
	banner.querySelector(".banner-next").textContent = `Next try in ${seconds} s`;
	banner.hidden = false;
}

export function hideAway() {
	const banner = document.getElementById("banner");

	banner.hidden = true;
	delete banner.dataset.what;
}
