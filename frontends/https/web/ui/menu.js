/*
 * A button with a menu: makeMenu({ text: "Export", icon: "download", items: [{ text, hint, icon, danger,
 * run }, null …] }). null is a line; items may be a function, called when it opens. Arrows, Home, End, Escape and the
 * first letter work.
 */
import { h, unique } from "./dom.js";
import { icon } from "./icons.js";

export function makeMenu({ text, symbol, items, quiet = false, label }) {
	const id = unique("menu");
	const list = h("div.menu-list", { id, role: "menu", popover: "auto", "aria-label": label ?? text });
	const button = h(`button${quiet ? ".quiet" : ""}${text ? "" : ".icon-only"}`, {
		type: "button", "aria-haspopup": "menu", "aria-expanded": "false", "aria-controls": id,
		"aria-label": text ? null : label, title: text ? null : label,
		onclick: () => (list.matches(":popover-open") ? list.hidePopover() : open()),
		onkeydown: (event) => {
			if (event.key === "ArrowDown") {
				event.preventDefault();
				open();
			}
		},
	}, symbol ? icon(symbol) : null, text, text ? icon("down", 16) : null);
	const entries = () => [...list.querySelectorAll("[role=menuitem]")];

	function place() {
		const at = button.getBoundingClientRect();
		const width = list.offsetWidth;
		const height = list.offsetHeight;
		const left = Math.max(8, Math.min(at.left, document.documentElement.clientWidth - width - 8));
		const below = at.bottom + 4 + height <= innerHeight - 8;

		list.style.left = `${left}px`;
		list.style.top = `${below ? at.bottom + 4 : Math.max(8, at.top - 4 - height)}px`;
	}

	function open() {
		const now = typeof items === "function" ? items() : items;

		list.replaceChildren(...now.map((item) => item === null ? h("hr", { role: "separator" }) : h("button.menu-item", {
			type: "button", role: "menuitem", tabindex: "-1", class: item.danger ? "danger" : null,
			onclick: () => {
				list.hidePopover();
				button.focus();
				item.run();
			},
		}, icon(item.icon ?? "dot"), h("span", {}, item.text, item.hint ? h("small", {}, item.hint) : null))));
		list.showPopover();
		place();
		entries()[0]?.focus();
	}

	list.addEventListener("toggle", (event) => {
		button.setAttribute("aria-expanded", String(event.newState === "open"));
		/* It is placed once, and would stay behind. */
		if (event.newState === "open")
			addEventListener("scroll", hide, { once: true, passive: true });
	});
	const hide = () => list.matches(":popover-open") && list.hidePopover();

	list.addEventListener("keydown", (event) => {
		const all = entries();
		const at = all.indexOf(document.activeElement);
		const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];

		if (to !== undefined) {
			event.preventDefault();
			all[(to + all.length) % all.length].focus();
		} else if (event.key === "Tab" || event.key === "Escape") {
			list.hidePopover();
			button.focus();
			event.preventDefault();
		} else if (event.key.length === 1) {
			const letter = event.key.toLowerCase();

			[...all.slice(at + 1), ...all].find((item) => item.textContent.trim().toLowerCase().startsWith(letter))?.focus();
		}
	});
	return h("div.menu", {}, button, list);
}
