/* Services: what each program uses, its certificate, its trust group, and who it runs as. */
import { api, part } from "../api.js";
import { live } from "../live.js";
import { link } from "../router.js";
import { session } from "../session.js";
import { badge } from "../ui/badge.js";
import { confirm } from "../ui/confirm.js";
import { openDialog } from "../ui/dialog.js";
import { h } from "../ui/dom.js";
import { makeForm, selectField, textField } from "../ui/form.js";
import { icon } from "../ui/icons.js";
import { makeMenu } from "../ui/menu.js";
import { empty, facts, pageHead, resource } from "../ui/page.js";
import { ago } from "../ui/time.js";
import { toast } from "../ui/toast.js";
import { nameOf, stateBadge, stateOf } from "./certs/words.js";

const KINDS = {
	"opcua-server": "OPC UA server", "opcua-client": "OPC UA client", "web-server": "Web server",
	ouc: "Secure OUC", "pg-hmi": "PG/HMI communication", syslog: "Syslog client", custom: "Other program",
};

/* Why a service does not work yet, and the way out. */
function missing(service, cert) {
	if (!service.cert_id)
		return { text: "Needs a certificate before it can start.", kind: "warn" };
	if (cert && stateOf(cert).kind === "bad")
		return { text: `Its certificate is ${cert.state === "revoked" ? "revoked" : "expired"}: peers refuse it. Renew it, or assign another.`, kind: "bad" };
	if (cert?.state === "requested")
		return { text: "Its certificate waits for the answer to its CSR.", kind: "warn" };
	if (service.uid === null && service.gid === null)
		return { text: "No user is entered: nobody may use the key by this assignment.", kind: "warn" };
	return null;
}

function certOptions(service, certs) {
	return [{ value: "0", text: "None" }, ...assigned(service, certs), ...certs.map((cert) => ({
		value: String(cert.id), text: `${nameOf(cert)} – ID ${cert.id}, ${stateOf(cert).text.toLowerCase()}` }))];
}

/* What is assigned now stays to be chosen, whatever is known of its certificate. */
function assigned(service, certs) {
	if (!service?.cert_id || certs.some((cert) => cert.id === service.cert_id))
		return [];
	return [{ value: String(service.cert_id), text: service.common_name || `Certificate ${service.cert_id}` }];
}

/* There may be thousands: they come while the dialog is there already. */
async function offerCerts(field, service, data) {
	const used = new Set(data.services.filter((other) => other.name !== service?.name).map((other) => other.cert_id));

	try {
		const certs = await api.all("/certs", "certs", { passive: true, query: { kind: "device", limit: 1000 } });

		field.setOptions(certOptions(service, certs.filter((cert) => cert.id === service?.cert_id || (cert.private_key && !used.has(cert.id)))));
	} catch (error) {
		field.setError(error.message);
	}
}

/* What stays is not sent, so that nothing of what somebody else has changed meanwhile is undone. */
function changes(service, body) {
	const now = { ...service, cert_id: service.cert_id ?? 0, group: service.group ?? "" };

	return Object.fromEntries(Object.entries(body).filter(([name, value]) => value !== now[name]));
}

function openEdit(service, data, done) {
	const name = textField({ label: "Name", required: true, member: "name", maxlength: 64, hint: "As its configuration calls it." });
	const kind = selectField({ label: "Kind", member: "kind", value: service?.kind ?? "custom",
				   options: Object.entries(KINDS).map(([value, text]) => ({ value, text })) });
	const cert = selectField({ label: "Certificate", member: "cert_id", value: String(service?.cert_id || 0),
				   hint: "It changes over at once, without a restart. One that another service has is not offered.",
				   options: certOptions(service, data.certs.filter((one) => one.id === service?.cert_id)) });
	const group = selectField({ label: "Trust group", member: "group", value: service?.group ?? "",
				    hint: "Whose certificates it accepts.",
				    options: [{ value: "", text: "None" }, ...data.groups.map((one) => ({ value: one.name, text: one.name }))] });
	const uid = textField({ label: "User it runs as (UID)", member: "uid", type: "number", min: 0, value: service?.uid ?? "",
				hint: "May use the key, as long as the assignment lasts." });
	const gid = textField({ label: "Group it runs as (GID)", member: "gid", type: "number", min: 0, value: service?.gid ?? "" });
	const number = (field) => (field.value === "" ? null : Number(field.value));
	const form = makeForm({
		fields: [name, kind, cert, group, uid, gid],
		layout: [service ? null : name.element, kind.element, cert.element, group.element,
			 h("div.field-row", {}, uid.element, gid.element)],
		submit: service ? "Save" : "Add service",
		onSubmit: async () => {
			const body = { kind: kind.value, cert_id: Number(cert.value), group: group.value, uid: number(uid), gid: number(gid) };

			if (service)
				await api.patch(part`/services/${service.name}`, { body: changes(service, body) });
			else
				await api.post("/services", { body: { name: name.value.trim(), kind: body.kind, cert_id: body.cert_id || undefined,
								      group: body.group || undefined, uid: body.uid ?? undefined, gid: body.gid ?? undefined } });
			dialog.close();
			toast(`${service?.name ?? name.value.trim()} is saved.`);
			done();
		},
		onCancel: () => dialog.close(),
	});
	name.control.required = !service;
	offerCerts(cert, service, data);
	const dialog = openDialog({ title: service ? `Assignments of ${service.name}` : "Add service", body: form.element, isBusy: form.isBusy });
}

async function remove(service, done) {
	const isDone = await confirm({
		title: `Remove service ${service.name}?`, action: "Remove", danger: true,
		text: "Its certificate and its trust group stay; its user may no longer use the key, and the program no longer finds its certificate.",
		run: () => api.remove(part`/services/${service.name}`),
	});

	if (isDone) {
		toast(`${service.name} is removed.`);
		done();
	}
}

function card(service, data, chosen, done) {
	const cert = data.certs.find((one) => one.id === service.cert_id);
	const hint = missing(service, cert);
	const edit = () => openEdit(service, data, done);

	return h("section.card.service", { "aria-label": service.name, class: chosen === service.name ? "is-chosen" : null },
		 h("div.service-head", {},
		   h("div", {}, h("h2", {}, service.name), h("p.muted", {}, KINDS[service.kind] ?? service.kind)),
		   session.may("manage-services") ? h("div.actions", {},
			h("button", { type: "button", "aria-label": `Edit ${service.name}`, onclick: edit }, "Edit"),
			makeMenu({ label: `More actions for ${service.name}`, symbol: "more", quiet: true, items: [
				{ text: "Remove…", icon: "trash", danger: true, run: () => remove(service, done) }] })) : null),
		 facts([
			 ["Certificate", service.cert_id
				 ? [h("a", { href: link("certs", "device", service.cert_id) }, service.common_name || `Certificate ${service.cert_id}`), " ", cert ? stateBadge(cert) : null]
				 : badge("None", "warn")],
			 ["Trust group", service.group ? h("a", { href: link("trust", service.group) }, service.group) : h("span.muted", {}, "None")],
			 ["Runs as", service.uid === null && service.gid === null ? h("span.muted", {}, "Not entered")
				 : [service.uid === null ? null : `UID ${service.uid}`, service.gid === null ? null : `GID ${service.gid}`].filter(Boolean).join(", ")],
			 ["Changed", ago(service.updated)],
		 ]),
		 hint ? h("div.note", { class: hint.kind === "bad" ? "note-bad" : "note-warn" }, h("p", {}, hint.text),
			  !service.cert_id && session.may("manage-services") ? h("div", {}, h("button.small", { type: "button", onclick: edit }, "Assign a certificate")) : null) : null);
}

export function mount(page) {
	let chosen = page.path[0] ?? null;
	let data = null;
	const add = h("button.primary", { type: "button", onclick: () => data && openEdit(null, data, list.reload) }, icon("plus"), "Add service");
	const list = resource(page, async (options) => {
		const [services, groups] = await Promise.all([
			api.all("/services", "services", { ...options, next: (service) => service.name }),
			api.all("/groups", "groups", { ...options, next: (group) => group.name }),
		]);
		const ids = services.map((service) => service.cert_id).filter(Boolean);
		/* One that is gone meanwhile is left out. */
		const certs = await Promise.all(ids.map((id) => api.get(part`/certs/${id}`, options).catch(() => null)));

		return { services, groups, certs: certs.filter(Boolean) };
	}, (next) => {
		data = next;
		if (!data.services.length)
			return empty({ title: "No service yet", symbol: "services",
				       text: "A service is a program on this device that uses a certificate: the OPC UA server, the web server, or one of your own." });
		return h("div.cards", {}, data.services.map((service) => card(service, data, chosen, list.reload)));
	}, { rows: 8 });

	page.onPath(([name]) => {
		chosen = name ?? null;
		list.reload();
	});
	live.refresh(["service", "cert", "trust"], list.reload, { signal: page.signal });
	return h("div", {}, pageHead("Services", {
		lead: "Which program on this device uses which certificate, and whom it trusts. What is changed here is in effect at once; no program needs a restart.",
		actions: session.may("manage-services") ? [add] : [],
	}), list.element);
}
