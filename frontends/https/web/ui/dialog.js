/*
 * Modal dialogs: the native <dialog>, which keeps the focus inside and gives it back.
 *
 *   const dialog = openDialog({ title, body, wide, onClose(value) });
 *   dialog.close(value); dialog.element
 *
 * Escape and the cross close it with undefined, unless isBusy() says that something is under way.
 * A form has its buttons itself (form.js). Another page closes it.
 */
import { h, unique } from "./dom.js";
import { icon } from "./icons.js";

export function openDialog({ title, body, wide = false, role = null, isBusy = () => false, onClose }) {
	const id = unique("dialog");
	const before = document.activeElement;
	let value;
	const close = (given) => {
		value = given;
		element.close();
	};
	const element = h(`dialog.dialog${wide ? ".dialog-wide" : ""}`, { "aria-labelledby": id, role },
			  h("div.dialog-head", {}, h("h2", { id }, title),
			    h("button.quiet.icon-only", { type: "button", "aria-label": "Close",
							  onclick: () => !isBusy() && close() }, icon("close"))),
			  h("div.dialog-body", {}, body));
	const leave = () => close();

	element.addEventListener("cancel", (event) => isBusy() && event.preventDefault());
	element.addEventListener("close", () => {
		removeEventListener("hashchange", leave);
		element.remove();
		if (before?.isConnected)
			before.focus({ preventScroll: true });
		onClose?.(value);
	});
	addEventListener("hashchange", leave);
	document.body.append(element);
	element.showModal();
	(element.querySelector("[autofocus]") ?? element.querySelector(".dialog-body input:not([type=hidden]), .dialog-body select, .dialog-body textarea") ??
	 element.querySelector(".dialog-body button"))?.focus();
	return { element, close };
}
