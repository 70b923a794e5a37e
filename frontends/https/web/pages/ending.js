/* The last minute of a login. */
import { session } from "../session.js";
import { openDialog } from "../ui/dialog.js";
import { h } from "../ui/dom.js";
import { toastError } from "../ui/toast.js";

let open = null;

export function warnOfEnd({ seconds, canGoOn }) {
	if (open)
		return;
	let left = seconds;
	const count = h("b", {}, left);
	const tick = setInterval(() => {
		left = Math.max(0, left - 1);
		count.textContent = left;
	}, 1000);
	const kept = () => open?.close();

	session.events.addEventListener("kept", kept, { once: true });
	open = openDialog({
		title: "Your login ends soon", role: "alertdialog",
		body: [
			h("p", {}, canGoOn ? "Nothing was done for a while. In " : "A login lasts only so long. In ", count,
			  " seconds you will be logged out; what is not saved is lost."),
			h("div.form-buttons", {},
			  h("button", { type: "button", onclick: () => session.logout().catch(() => {}) }, "Log out"),
			  canGoOn ? h("button.primary", { type: "button", autofocus: true,
				onclick: () => session.keep().catch(toastError) }, "Stay logged in") : null),
		],
		onClose: () => {
			clearInterval(tick);
			session.events.removeEventListener("kept", kept);
			open = null;
		},
	});
}
