/*
 * copyable(text): the text in a fixed-width face with a button that copies it. copyButton(text, what).
 */
import { h, say } from "./dom.js";
import { icon } from "./icons.js";

const SHOWN_MS = 1500;

export function copyButton(text, what = "") {
	const button = h("button.quiet.icon-only.small", {
		type: "button", "aria-label": `Copy ${what}`.trim(), title: "Copy",
		onclick: async () => {
			try {
				await navigator.clipboard.writeText(text);
			} catch {
				say("The browser does not allow copying.");
				return;
			}
			button.replaceChildren(icon("check", 16));
			say("Copied.");
			setTimeout(() => button.replaceChildren(icon("copy", 16)), SHOWN_MS);
		},
	}, icon("copy", 16));

	return button;
}

/* shown: the same with marks for reading, as "AB:CD". */
export function copyable(text, what, shown = text) {
	return h("span.copyable", {}, h("code", {}, shown), copyButton(text, what));
}

export function inPairs(hex) {
	return (hex ?? "").toUpperCase().match(/.{1,2}/g)?.join(":") ?? "";
}
