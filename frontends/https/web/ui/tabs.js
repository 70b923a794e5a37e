/*
 * Tabs (the ARIA pattern: arrows, Home and End move, and choose).
 *
 *   const tabs = makeTabs({ label: "Kinds", tabs: [{ key, text, short, count }], chosen, onChoose(key), panel });
 *   tabs.choose(key)  without onChoose;  tabs.setCount(key, 12)
 *
 * short stands for the text where it is narrow. panel is one element whose contents the caller changes.
 */
import { h, unique } from "./dom.js";

export function makeTabs({ label, tabs, chosen, onChoose, panel }) {
	const panelId = panel.id || (panel.id = unique("panel"));
	const buttons = new Map(tabs.map(({ key, text, short, count }) => [key, h("button.tab", {
		type: "button", role: "tab", id: unique("tab"), "aria-controls": panelId,
		onclick: () => pick(key),
	}, short ? [h("span.wide", {}, text), h("span.narrow", { "aria-hidden": "true" }, short)] : text,
	h("span.tab-count", {}, count ?? ""))]));
	const keys = [...buttons.keys()];
	const choose = (key) => {
		for (const [other, button] of buttons) {
			button.setAttribute("aria-selected", String(other === key));
			button.tabIndex = other === key ? 0 : -1;
		}
		/* Sideways only: the page stays where it is. */
		requestAnimationFrame(() => {
			const { offsetLeft, offsetWidth } = buttons.get(key);

			if (offsetLeft < element.scrollLeft || offsetLeft + offsetWidth > element.scrollLeft + element.clientWidth)
				element.scrollLeft = offsetLeft - 16;
		});
		panel.setAttribute("aria-labelledby", buttons.get(key).id);
	};
	const pick = (key) => {
		choose(key);
		onChoose(key);
	};
	const element = h("div.tabs", {
		role: "tablist", "aria-label": label,
		onkeydown: (event) => {
			const at = keys.findIndex((key) => buttons.get(key) === document.activeElement);
			const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: keys.length - 1 }[event.key];

			if (to === undefined || at < 0)
				return;
			event.preventDefault();
			const key = keys[(to + keys.length) % keys.length];

			buttons.get(key).focus();
			pick(key);
		},
	}, [...buttons.values()]);

	panel.setAttribute("role", "tabpanel");
	choose(chosen);
	return {
		element, choose,
		setCount: (key, count) => {
			buttons.get(key).lastChild.textContent = count ?? "";
		},
	};
}
