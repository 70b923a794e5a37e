/* Where an address leads nowhere, or not for this user. */
import { session } from "../session.js";
import { h } from "../ui/dom.js";
import { icon } from "../ui/icons.js";

export function mount({ path: [why] }) {
	if (why === "page")
		return h("div.empty", {}, icon("search", 32), h("h1", {}, "There is no such page"),
			 h("p", {}, "The address may be mistyped."), h("a.button", { href: "#/" }, "To the start page"));
	return h("div.empty", {}, icon("lock", 32), h("h1", {}, "Not for this login"),
		 h("p", {}, `${session.user} has no role that may see this. An administrator gives roles, under “Users”.`),
		 why ? h("a.button", { href: "#/" }, "To the start page") : null);
}
