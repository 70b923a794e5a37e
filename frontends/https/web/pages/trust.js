/* Trust: what was refused, and the groups with their lists. */
import { api } from "../api.js";
import { live } from "../live.js";
import { go, link } from "../router.js";
import { session } from "../session.js";
import { badge } from "../ui/badge.js";
import { openDialog } from "../ui/dialog.js";
import { h, replace } from "../ui/dom.js";
import { checkField, makeForm, selectField, textField } from "../ui/form.js";
import { icon } from "../ui/icons.js";
import { pageHead, resource } from "../ui/page.js";
import { toast } from "../ui/toast.js";
import { groupView } from "./trust/group.js";
import { rejectedList } from "./trust/rejected.js";
import { POLICIES } from "./trust/words.js";

function openNew(done) {
	const name = textField({ label: "Name", required: true, member: "name", maxlength: 64, hint: "For example the cell or the partner that it is for." });
	const crls = selectField({ label: "Revocation lists", member: "crls", value: "required", options: POLICIES });
	const accept = checkField({ label: "Accept unknown certificates by itself", member: "auto_accept", hint: "For commissioning only. Off in production." });
	const form = makeForm({
		fields: [name, crls, accept], submit: "Add group",
		onSubmit: async () => {
			const group = await api.post("/groups", { body: { name: name.value.trim(), crls: crls.value, auto_accept: accept.value } });

			dialog.close();
			toast(`Trust group ${group.name} is made. Assign it to a service under “Services”.`);
			done();
			go(link("trust", group.name));
		},
		onCancel: () => dialog.close(),
	});
	const dialog = openDialog({ title: "Add trust group", body: form.element, isBusy: form.isBusy });
}

function groupLink(group, chosen) {
	const count = group.trusted_certs;

	return h("li", {}, h("a.side-link", { href: link("trust", group.name), "aria-current": group.name === chosen ? "true" : null },
		h("span.side-name", {}, h("b", {}, group.name), h("small", {}, `${count} trusted`)),
		group.auto_accept ? badge("Accepts all", "bad") : null));
}

export function mount(page) {
	const side = h("div.side");
	const place = h("div.side-main");
	let chosen = page.path[0] ?? null;
	let view = null;
	let groups = [];
	const rejected = rejectedList(page, { onTrusted: () => list.reload() });
	const list = resource(page, async (options) => api.all("/groups", "groups", { ...options, next: (group) => group.name }), (next) => {
		groups = next;
		if (!groups.some((group) => group.name === chosen))
			chosen = groups[0]?.name ?? null;
		showGroup();
		return h("nav", { "aria-label": "Trust groups" }, h("ul.plain.side-list", {}, groups.map((group) => groupLink(group, chosen))));
	}, { rows: 4 });

	function showGroup() {
		const group = groups.find((one) => one.name === chosen);

		if (view?.name === chosen && group) {
			view.update(group);
			return;
		}
		view?.stop.abort();
		view = null;
		if (!group) {
			replace(place);
			return;
		}
		const stop = new AbortController();

		page.signal.addEventListener("abort", () => stop.abort(), { signal: stop.signal });
		view = { name: group.name, stop, ...groupView({ signal: stop.signal }, group, () => list.reload()) };
		replace(place, view.element);
	}

	page.onPath(([name]) => {
		chosen = name ?? groups[0]?.name ?? null;
		for (const element of side.querySelectorAll(".side-link")) {
			if (element.hash === link("trust", chosen))
				element.setAttribute("aria-current", "true");
			else
				element.removeAttribute("aria-current");
		}
		showGroup();
	});
	live.refresh(["trust", "crl"], list.reload, { signal: page.signal });
	side.append(list.element);
	return h("div.trust", {}, pageHead("Trust", {
		lead: "Whose certificates the services of this device accept. Each service has one trust group.",
		actions: session.may("manage-trust") ? [h("button.primary", { type: "button", onclick: () => openNew(list.reload) }, icon("plus"), "Add trust group")] : [],
	}), rejected.element, h("div.side-view", {}, side, place));
}
