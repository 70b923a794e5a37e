/* Logging in, and the new password that some must choose first. */
import { link } from "../router.js";
import { session } from "../session.js";
import { h, replace } from "../ui/dom.js";
import { makeForm, textField } from "../ui/form.js";
import { facts } from "../ui/page.js";

function mustChange(error) {
	return error.status === 403 && /must.*chang|chang.*first/i.test(`${error.code} ${error.message}`);
}

function changeForm(user, oldPassword, onDone) {
	const next = textField({ label: "New password", type: "password", required: true, member: "new_password",
				 autocomplete: "new-password", hint: "A long one: several words that only you would put together." });
	const again = textField({ label: "New password again", type: "password", required: true,
				  autocomplete: "new-password" });

	return makeForm({
		fields: [next, again], submit: "Change password and go on",
		onSubmit: async () => {
			if (next.value !== again.value) {
				again.setError("The two are not the same.");
				again.control.focus();
				return;
			}
			await session.changePassword(user, oldPassword, next.value);
			await onDone(next.value);
		},
	}).element;
}

export function mount(page) {
	const device = page.device;
	const user = textField({ label: "User", required: true, member: "user", autocomplete: "username",
				 autocapitalize: "none" });
	const password = textField({ label: "Password", required: true, member: "password", type: "password",
				     autocomplete: "current-password" });
	const box = h("div.login-form", {});
	const head = h("h1", {}, "Log in");
	const changed = () => {
		head.textContent = "Choose a new password";
		replace(box, h("p.hint", {}, `${user.value} has a password that was set by somebody else. Choose one that only you know.`),
			changeForm(user.value, password.value, async (next) => {
				await session.login(user.value, next);
			}));
		box.querySelector("input").focus();
	};
	const form = makeForm({
		fields: [user, password], submit: "Log in",
		onSubmit: async () => {
			try {
				if (!await session.login(user.value, password.value))
					changed();
			} catch (error) {
				if (!mustChange(error)) {
					password.control.value = "";
					throw error;
				}
				changed();
			}
		},
	});

	box.append(form.element);
	return h("div.login", {},
		 h("div.login-device", {},
		   h("p.login-name", {}, device?.name || "keystored"),
		   facts([["Location", device?.location], ["Host", device?.host], ["Version", device?.version]]),
		   h("p.hint", {}, "keystored keeps this device’s private keys in its TPM, and manages its certificates and trust lists.")),
		 h("div.card", {}, head,
		   device?.has_users === false
			   ? h("div.note", {}, h("p", {}, "Nobody can log in yet: the first administrator is made on the device, by root."),
			       h("pre", {}, "keystorectl user create admin --roles administrator"))
			   : null,
		   box,
		   h("p.hint", {}, "Does the browser warn of this page? ", h("a", { href: link("roots") }, "Install its root certificate"), ".")));
}
