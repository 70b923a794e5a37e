/*
 * toast("Certificate 12 renewed") says that something is done. What needs an answer is a dialog's;
 * what failed stays where it was asked for, or is toast(text, { kind: "bad" }) and stays until closed.
 */
import { h, say } from "./dom.js";
import { icon } from "./icons.js";

const SHOWN_MS = 6000;
const TOASTS_MAX = 2;

export function toast(text, { kind = "good" } = {}) {
	const list = document.getElementById("toasts");
	const box = h(`div.toast.toast-${kind}`, { role: kind === "bad" ? "alert" : null },
		      icon(kind === "bad" ? "error" : "check"), h("p", {}, text),
		      h("button.quiet.icon-only.small", { type: "button", "aria-label": "Dismiss", onclick: () => box.remove() },
			icon("close", 16)));

	list.append(box);
	while (list.children.length > TOASTS_MAX)
		list.firstChild.remove();
	if (kind !== "bad") {
		say(text);
		setTimeout(() => box.remove(), SHOWN_MS);
	}
}

/* For what fails outside of a form. */
export function toastError(error) {
	if (error.name !== "AbortError")
		toast(error.message, { kind: "bad" });
}
