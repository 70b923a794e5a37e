/* One's own login: who, what it may do, and another password. */
import { session } from "../session.js";
import { h } from "../ui/dom.js";
import { makeForm, textField } from "../ui/form.js";
import { icon } from "../ui/icons.js";
import { facts, pageHead, section } from "../ui/page.js";
import { toast } from "../ui/toast.js";
import { RIGHTS } from "./rights.js";

function passwordForm() {
	const old = textField({ label: "Password now", type: "password", required: true, member: "old_password",
				autocomplete: "current-password" });
	const next = textField({ label: "New password", type: "password", required: true, member: "new_password",
				 autocomplete: "new-password", hint: "A long one: several words that only you would put together." });
	const again = textField({ label: "New password again", type: "password", required: true, autocomplete: "new-password" });
	const user = session.user;

	return makeForm({
		fields: [
			/* The browser's own keeper of passwords wants to know whose it is. */
			textField({ label: "User", value: user, required: true, readonly: true, autocomplete: "username" }),
			old, next, again,
		],
		submit: "Change password",
		onSubmit: async () => {
			if (next.value !== again.value) {
				again.setError("The two are not the same.");
				again.control.focus();
				return;
			}
			await session.changePassword(user, old.value, next.value);
			/* Every login of the user has ended, this one too. */
			await session.login(user, next.value);
			toast("The password is changed. Your other logins have ended.");
		},
	}).element;
}

export function mount() {
	const mine = RIGHTS.filter((right) => session.may(right.name));

	return h("div.account-page", {},
		 pageHead("Your account", { lead: `You are logged in as ${session.user}.` }),
		 h("div.pair", {},
		   section("Change your password", passwordForm()),
		   section("What you may do",
			   facts([["User", session.user], ["Roles", session.roles.join(", ") || "none"]]),
			   mine.length ? h("ul.ticks", {}, mine.map((right) => h("li", {}, icon("check", 18), right.text)))
				       : h("p.hint", {}, "You have no rights yet. Ask an administrator for a role."))));
}
