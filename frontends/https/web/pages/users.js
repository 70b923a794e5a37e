/* Users, the roles they have with the rights of each, and who is logged in. */
import { api, news, part } from "../api.js";
import { go, link } from "../router.js";
import { session } from "../session.js";
import { badge } from "../ui/badge.js";
import { confirm } from "../ui/confirm.js";
import { openDialog } from "../ui/dialog.js";
import { debounce, h, hidden, replace } from "../ui/dom.js";
import { checkField, makeForm, textField } from "../ui/form.js";
import { icon } from "../ui/icons.js";
import { empty, facts, pageHead, resource } from "../ui/page.js";
import { filterBox, makeTable } from "../ui/table.js";
import { makeTabs } from "../ui/tabs.js";
import { ago, time } from "../ui/time.js";
import { toast, toastError } from "../ui/toast.js";
import { boxesField, RIGHTS, rightText } from "./rights.js";

const POLL_MS = 3000;
const SOON_MS = 100;

const TABS = [
	{ key: "users", text: "Users" },
	{ key: "roles", text: "Roles" },
	{ key: "logins", text: "Logged in" },
];

const load = {
	users: (options) => api.all("/users", "users", { ...options, next: (user) => user.name }),
	roles: async (options) => (await api.get("/roles", options)).roles,
	logins: async (options) => (await api.get("/logins", options)).logins,
};

function stateBadge(user) {
	if (user.disabled)
		return badge("disabled", "bad");
	return user.must_change ? badge("new password needed", "warn") : badge("enabled", "good");
}

function rolesField(roles, chosen) {
	return boxesField({
		label: "Roles", member: "roles", chosen, hint: "What a user may do is what all the roles allow together.",
		options: roles.map((role) => ({ value: role.name, text: role.name,
						hint: role.rights.map(rightText).join(" · ") || "No rights yet." })),
	});
}

const mustChangeField = () => checkField({
	label: "Must be changed at the next login", value: true, member: "must_change",
	hint: "Then only the user knows it.",
});

async function createUser() {
	const roles = await load.roles({});
	const name = textField({ label: "User name", required: true, member: "name", autocapitalize: "none" });
	const password = textField({ label: "First password", type: "password", required: true, member: "password",
				     autocomplete: "new-password" });
	const mustChange = mustChangeField();
	const given = rolesField(roles, []);
	const form = makeForm({
		fields: [name, password, mustChange, given], submit: "Create user",
		onSubmit: async () => {
			await api.post("/users", { body: {
				name: name.value.trim(), password: password.value, roles: given.value, must_change: mustChange.value,
			} });
			dialog.close();
			toast(`User ${name.value.trim()} is created.`);
		},
		onCancel: () => dialog.close(),
	});
	const dialog = openDialog({ title: "Create a user", body: form.element, isBusy: form.isBusy });
}

function resetPassword(user) {
	const password = textField({ label: "New password", type: "password", required: true, member: "password",
				     autocomplete: "new-password" });
	const mustChange = mustChangeField();
	const form = makeForm({
		fields: [h("p", {}, `The old password no longer works, and every login of ${user.name} ends.`), password, mustChange],
		submit: "Set password",
		onSubmit: async () => {
			await api.patch(part`/users/${user.name}`, { body: { password: password.value, must_change: mustChange.value } });
			dialog.close();
			toast(`${user.name} has a new password.`);
		},
		onCancel: () => dialog.close(),
	});
	const dialog = openDialog({ title: `New password for ${user.name}`, body: form.element, isBusy: form.isBusy });
}

async function setDisabled(user) {
	const isOff = !user.disabled;
	const run = () => api.patch(part`/users/${user.name}`, { body: { disabled: isOff } });

	try {
		if (isOff) {
			if (!await confirm({
				title: `Disable ${user.name}?`, danger: true, action: "Disable", run,
				text: [`${user.name} can no longer log in, and logins end at once. Password and roles are kept.`,
				       user.name === session.user ? "This is you: you will be logged out." : null].filter(Boolean),
			}))
				return;
		} else {
			await run();
		}
		toast(`${user.name} is ${isOff ? "disabled" : "enabled"}.`);
	} catch (error) {
		toastError(error);
	}
}

async function deleteUser(user) {
	if (await confirm({ title: `Delete ${user.name}?`, danger: true, action: "Delete user",
			    text: "The user can no longer log in. The audit trail keeps what was done. To let the user back later, disable instead.",
			    run: () => api.remove(part`/users/${user.name}`) }))
		toast(`User ${user.name} is deleted.`);
}

async function showUser(user) {
	const roles = await load.roles({});
	const given = rolesField(roles, user.roles);
	const act = (run) => () => {
		dialog.close();
		run(user);
	};
	const form = makeForm({
		fields: [
			facts([["State", stateBadge(user)], ["Last login", user.last_login ? time(user.last_login) : "never"],
			       ["Password set", time(user.password_set)], ["Created", time(user.created)]]),
			h("div.actions", {},
			  h("button", { type: "button", onclick: act(resetPassword) }, icon("lock"), "New password…"),
			  h("button", { type: "button", onclick: act(setDisabled) }, icon(user.disabled ? "check" : "revoke"),
			    user.disabled ? "Enable" : "Disable…"),
			  h("button", { type: "button", onclick: act(deleteUser) }, icon("trash"), "Delete…")),
			given,
		],
		submit: "Save roles",
		onSubmit: async () => {
			await api.patch(part`/users/${user.name}`, { body: { roles: given.value } });
			dialog.close();
			toast(`The roles of ${user.name} are saved.`);
		},
		onCancel: () => dialog.close(),
	});
	const dialog = openDialog({ title: `User ${user.name}`, body: form.element, isBusy: form.isBusy });
}

/* role null: a new one. */
function editRole(role) {
	const name = role ? null : textField({ label: "Name", required: true, member: "name", autocapitalize: "none" });
	const rights = boxesField({ label: "Rights", member: "rights", chosen: role?.rights ?? ["view"],
				    options: RIGHTS.map((right) => ({ value: right.name, text: right.text })) });
	const form = makeForm({
		fields: [name, rights].filter(Boolean), submit: role ? "Save rights" : "Create role",
		onSubmit: async () => {
			const called = role?.name ?? name.value.trim();

			await api.put(part`/roles/${called}`, { body: { rights: rights.value } });
			dialog.close();
			toast(role ? `The rights of ${called} are saved. They hold at once.` : `Role ${called} is created.`);
		},
		onCancel: () => dialog.close(),
	});
	const dialog = openDialog({ title: role ? `Rights of ${role.name}` : "Create a role", body: form.element, isBusy: form.isBusy });
}

async function deleteRole(role) {
	if (await confirm({ title: `Delete role ${role.name}?`, danger: true, action: "Delete role",
			    text: role.users ? `${role.users === 1 ? "A user has" : `${role.users} users have`} it, and will lose its rights.`
					     : "No user has it.",
			    run: () => api.remove(part`/roles/${role.name}`) }))
		toast(`Role ${role.name} is deleted.`);
}

function matrix(roles) {
	const has = (role, right) => role.rights.includes(right);
	const mark = (role, right) => h(`td${has(role, right) ? ".is-allowed" : ""}`, {},
		has(role, right) ? [icon("check", 18), hidden("yes")] : [h("span", { "aria-hidden": "true" }, "·"), hidden("no")]);
	const own = (role) => role.predefined ? h("span.hint", {}, "fixed") : h("span.matrix-tools", {},
		h("button.quiet.icon-only.small", { type: "button", "aria-label": `Change the rights of ${role.name}`, title: "Change its rights",
						     onclick: () => editRole(role) }, icon("edit", 16)),
		h("button.quiet.icon-only.small", { type: "button", "aria-label": `Delete role ${role.name}`, title: "Delete",
						     onclick: () => deleteRole(role) }, icon("trash", 16)));

	return h("div.card.matrix-box", { tabindex: "0", role: "region", "aria-label": "Rights of each role" },
		 h("table.matrix", {}, h("caption.visually-hidden", {}, "Which role has which right"),
		   h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "May"), roles.map((role) => h("th", { scope: "col" }, role.name)))),
		   h("tbody", {}, RIGHTS.map((right) => h("tr", {},
			h("th", { scope: "row" }, right.text, h("code", {}, right.name)), roles.map((role) => mark(role, right.name))))),
		   h("tfoot", {}, h("tr", {}, h("td", {}), roles.map((role) => h("td", {}, own(role)))))));
}

async function endLogin(login) {
	const isOwn = login.user === session.user;

	if (await confirm({ title: `End the login of ${login.user}?`, danger: true, action: "End login",
			    text: [isOwn ? "This may be your own login: then you are logged out." : `${login.user} has to log in again. What was begun and not saved is lost.`],
			    run: () => api.remove(part`/logins/${login.id}`) }))
		toast(`The login of ${login.user} has ended.`);
}

function usersView() {
	const table = makeTable({
		label: "Users", key: (user) => user.name, sort: { by: "name", down: false }, onOpen: (user) => showUser(user).catch(toastError),
		columns: [
			{ by: "name", head: "Name", value: (user) => user.name, main: true, card: "title", priority: 1 },
			{ by: "state", head: "State", value: (user) => user.disabled ? "disabled" : user.must_change ? "new password needed" : "enabled",
			  cell: stateBadge, card: "side", priority: 1 },
			{ by: "roles", head: "Roles", value: (user) => user.roles.join(", "), cell: (user) => user.roles.join(", ") || "none", card: "meta", priority: 2 },
			{ by: "login", head: "Last login", value: (user) => user.last_login ?? "", cell: (user) => user.last_login ? ago(user.last_login) : "never", priority: 3 },
		],
		empty: () => empty({ symbol: "users", title: "No users", text: "Create one for each person, so that the audit trail says who did what." }),
	});

	return {
		element: [h("div.toolbar", {}, filterBox({ label: "Filter users", onInput: (text) => table.setFilter(text) })), table.element],
		set: (users) => table.setRows(users),
	};
}

function loginsView() {
	const table = makeTable({
		label: "Logged in", key: (login) => login.id, sort: { by: "since", down: true },
		columns: [
			{ by: "user", head: "User", value: (login) => login.user, main: true, card: "title" },
			{ by: "since", head: "Since", value: (login) => login.since, cell: (login) => time(login.since), card: "meta" },
			{ by: "idle", head: "Idle", value: (login) => login.idle_seconds, priority: 2,
			  cell: (login) => login.idle_seconds < 60 ? "less than a minute" : `${Math.floor(login.idle_seconds / 60)} min` },
			{ by: "end", head: "", value: () => "", card: "side", width: "8rem",
			  cell: (login) => h("button.small", { type: "button", "aria-label": `End login of ${login.user}`, onclick: () => endLogin(login) }, "End login") },
		],
		empty: () => empty({ symbol: "users", title: "Nobody is logged in", text: "Logins over these pages and with keystorectl appear here." }),
	});

	return { element: [table.element], set: (logins) => table.setRows(logins) };
}

function rolesView() {
	const box = h("div", {});

	return { element: [box], set: (roles) => replace(box, matrix(roles)) };
}

const views = { users: usersView, roles: rolesView, logins: loginsView };

export function mount(page) {
	const panel = h("div.tab-panel", {});
	const create = h("button.primary", { type: "button", onclick: () => createUser().catch(toastError) }, icon("plus"), "Create user…");
	const createRole = h("button.primary", { type: "button", onclick: () => editRole(null) }, icon("plus"), "Create role…");
	let key = null;
	let content = null;

	function open([wanted]) {
		const next = TABS.some((tab) => tab.key === wanted) ? wanted : "users";

		create.hidden = next !== "users";
		createRole.hidden = next !== "roles";
		if (next === key)
			return;
		key = next;
		tabs.choose(key);

		const view = views[key]();

		const mine = key;
		let shown = "";
		/* Drawn anew only for a reason: somebody may be at a row of it. */
		const isNews = (data) => {
			const next = JSON.stringify(data, (name, value) => name === "idle_seconds" ? Math.floor(value / 60) : value);
			const isNew = next !== shown && mine === key;

			shown = next;
			return isNew;
		};

		content = resource(page, load[key], (data) => {
			isNews(data);
			/* A table stands in the page before it counts what is in sight. */
			queueMicrotask(() => view.set(data));
			return view.element;
		});
		/* What is shown stays, with the focus in it, when it is asked for again. */
		content.again = async () => {
			try {
				const data = await load[mine]({ passive: true, signal: page.signal });

				if (isNews(data))
					view.set(data);
			} catch {
				/* The banner says it. */
			}
		};
		replace(panel, content.element);
	}

	const tabs = makeTabs({ label: "Users", tabs: TABS, chosen: "users", panel, onChoose: (next) => go(link("users", next)) });

	open(page.path);
	page.onPath(open);
	/* Nothing is told of users and logins. */
	const timer = setInterval(() => !document.hidden && content.again(), POLL_MS);

	page.signal.addEventListener("abort", () => clearInterval(timer), { once: true });
	/* What was done here is seen at once. */
	news.addEventListener("active", debounce(() => content.again(), SOON_MS), { signal: page.signal });
	return h("div.users", {},
		 pageHead("Users and roles", { lead: "Who may log in to this device, and what each may do.", actions: [create, createRole] }),
		 tabs.element, panel);
}
