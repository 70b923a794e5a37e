/* The audit trail: the newest first, filtered by the device, verified, and taken along as a file. */
import { api, sentence } from "../api.js";
import { badge } from "../ui/badge.js";
import { copyable } from "../ui/copy.js";
import { openDialog } from "../ui/dialog.js";
import { debounce, h, replace, say } from "../ui/dom.js";
import { csv, saveText } from "../ui/export.js";
import { makeForm, radioField, selectField, textField } from "../ui/form.js";
import { icon } from "../ui/icons.js";
import { empty, facts, failure, pageHead, skeleton } from "../ui/page.js";
import { fromInput, time } from "../ui/time.js";
import { toast } from "../ui/toast.js";

const PAGE = 200;
const EXPORT_PAGE = 1000;
const TYPING_MS = 300;
const POLL_MS = 3000;

const STATUSES = ["ok", "denied", "invalid", "not found", "exists", "conflict", "limit", "busy", "unavailable",
		  "deadline", "unsupported", "storage", "TPM", "internal"];

const FINDINGS = {
	changed: "A record was changed.",
	missing: "Records were removed.",
	"cut off": "The end was cut off.",
	added: "Records were added that keystored did not write.",
	beginning: "The beginning was removed.",
	rewritten: "The trail was rewritten: it is not the one that the TPM knows.",
	dropped: "The record that the TPM knows is not kept any more.",
};

const COLUMNS = [
	{ head: "Number", value: (record) => record.seq },
	{ head: "Time", value: (record) => record.time },
	{ head: "User", value: (record) => record.user ?? "" },
	{ head: "UID", value: (record) => record.uid },
	{ head: "PID", value: (record) => record.pid },
	{ head: "Operation", value: (record) => record.operation },
	{ head: "Object", value: (record) => record.object },
	{ head: "Status", value: (record) => record.status },
	{ head: "Times", value: (record) => record.count },
	{ head: "Detail", value: (record) => record.detail },
	{ head: "Chain", value: (record) => record.chain },
];

const isGood = (record) => record.status.toLowerCase() === "ok";
const who = (record) => record.user ?? `uid ${record.uid}`;

/* Unlike time(), with seconds: it matters what came first. */
const seconds = new Intl.DateTimeFormat(undefined, {
	year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit",
});

function detailText(record) {
	return [record.count > 1 ? `${record.count} times` : "", record.detail].filter(Boolean).join(": ");
}

function showRecord(record) {
	openDialog({ title: `Record ${record.seq}`, body: facts([
		["Time", time(record.time), ` (${(record.time_us % 1000000 / 1000).toFixed(3)} ms)`],
		["User", record.user ?? "nobody was logged in"],
		["Process", `uid ${record.uid}, pid ${record.pid}`],
		["Operation", record.operation],
		["Object", record.object],
		["Status", badge(record.status, isGood(record) ? "good" : "bad")],
		["Times in a row", String(record.count)],
		["Detail", record.detail],
		["Chain value", copyable(record.chain, "the chain value")],
	]) });
}

function line(record) {
	return h("tr", {},
		 h("td.audit-seq.number", {}, String(record.seq)),
		 h("td.audit-time", {}, h("time", { datetime: record.time }, seconds.format(new Date(record.time)))),
		 h("td.audit-who", {}, who(record)),
		 h("td.audit-what", {}, h("button.row-link", { type: "button", "aria-label": `${record.operation} ${record.object}, record ${record.seq}`,
							       onclick: () => showRecord(record) }, record.operation)),
		 h("td.audit-object", {}, record.object),
		 h("td.audit-status", {}, badge(record.status, isGood(record) ? "good" : "bad")),
		 h("td.audit-detail", {}, detailText(record)));
}

function verdict(finding) {
	const good = finding.intact;
	const lines = [];

	if (good)
		lines.push(`All ${finding.records.toLocaleString()} records are as they were written; the last one is number ${finding.newest.toLocaleString()}.`);
	else
		lines.push(`${FINDINGS[finding.finding] ?? "Something is wrong."} ${sentence(`keystored says: ${finding.message}`)}`,
			   finding.since ? `Everything up to ${seconds.format(new Date(finding.since))} is good: ${finding.records.toLocaleString()} records.` : "No record before it is good.",
			   "Keep the device as it is, export the trail, and find out who could write to its disk.");
	lines.push(finding.anchored
		? `The TPM vouches for the end up to record ${finding.anchored_seq.toLocaleString()}.${finding.newest > finding.anchored_seq ? " That later ones were cut off could not be seen." : ""}`
		: sentence(`The TPM does not vouch for the end: ${finding.anchor_note}`));
	return h(`div.note${good ? ".note-good" : ".note-bad"}`, { role: "status" },
		 h("p", {}, icon(good ? "check" : "error"), h("b", {}, good ? " The audit trail is intact" : " The audit trail is broken")),
		 lines.map((text) => h("p", {}, text)));
}

function verifier(page) {
	const result = h("div.audit-verdict", {});
	const button = h("button", { type: "button", onclick: async () => {
		if (button.hasAttribute("aria-busy"))
			return;
		button.setAttribute("aria-busy", "true");
		say("The trail is being verified.");
		try {
			replace(result, verdict(await api.get("/audit/verification", { signal: page.signal })));
		} catch (error) {
			if (error.name !== "AbortError")
				replace(result, failure(error, () => button.click()));
		}
		button.removeAttribute("aria-busy");
	} }, icon("trust"), "Verify");

	return { button, result };
}

/* Everything that the filter leaves, page by page. */
async function collect(query, { signal, onProgress }) {
	const records = [];
	let before;

	for (;;) {
		const answer = await api.get("/audit", { query: { ...query, before, limit: EXPORT_PAGE }, signal });

		records.push(...answer.records);
		onProgress(records.length);
		if (!answer.more || !answer.records.length)
			return records;
		before = answer.records.at(-1).seq;
	}
}

function exportTrail(page, query) {
	const controller = new AbortController();
	const progress = h("p.hint", { role: "status" });
	const hasFilter = Object.values(query).some(Boolean);
	const format = radioField({ label: "Format", value: "csv", options: [
		{ value: "csv", text: "CSV", hint: "For spreadsheets." },
		{ value: "json", text: "JSON", hint: "For programs, as keystorectl audit list --json has it." },
	] });
	const form = makeForm({
		fields: [h("p", {}, hasFilter ? "Only the records that the filter leaves are exported." : "All records are exported."), format, progress],
		submit: "Export",
		onSubmit: async () => {
			const records = await collect(query, { signal: controller.signal, onProgress: (count) => {
				progress.textContent = `${count.toLocaleString()} records so far`;
			} });
			const name = `audit-${new Date().toISOString().slice(0, 10)}`;

			if (format.value === "csv")
				saveText(csv(COLUMNS, records), `${name}.csv`, "text/csv");
			else
				saveText(`${JSON.stringify({ records }, null, "\t")}\n`, `${name}.json`, "application/json");
			dialog.close();
			toast(`${records.length.toLocaleString()} records are exported.`);
		},
		onCancel: () => dialog.close(),
	});
	const dialog = openDialog({ title: "Export the audit trail", body: form.element, onClose: () => controller.abort() });

	page.signal.addEventListener("abort", () => controller.abort(), { once: true });
}

function filters(onChange) {
	const later = debounce(onChange, TYPING_MS);
	const user = textField({ label: "User", onInput: later });
	const operation = textField({ label: "Operation", onInput: later, placeholder: "cert create" });
	const object = textField({ label: "Object", onInput: later, placeholder: "plc-1" });
	const status = selectField({ label: "Status", required: false, onInput: onChange,
				     options: [{ value: "", text: "any" }, ...STATUSES] });
	const since = textField({ label: "From", type: "datetime-local", onInput: later });
	const until = textField({ label: "To", type: "datetime-local", onInput: later });
	const all = [user, operation, object, status, since, until];
	const count = h("span.filter-count", {});
	const reset = h("button.small", { type: "button", onclick: () => {
		for (const field of all)
			field.control.value = "";
		onChange();
		user.control.focus();
	} }, "Clear filter");
	const fields = h("div.audit-filter", { role: "search", "aria-label": "Filter of the audit trail" },
			 h("div.filter-fields", {}, all.map((field) => field.element)));
	const toggle = h("button", { type: "button", "aria-expanded": "false", onclick: () => {
		const isOpen = !fields.classList.toggle("is-closed");

		toggle.setAttribute("aria-expanded", String(isOpen));
		if (isOpen)
			user.control.focus();
	} }, icon("search"), "Filter", count);

	for (const field of all)
		field.element.querySelector(".optional")?.remove();
	fields.classList.add("is-closed");
	fields.append(h("div.actions", {}, reset));
	return {
		element: fields, toggle,
		query() {
			const query = { user: user.value.trim(), operation: operation.value.trim(), object: object.value.trim(),
					status: status.value, since: fromInput(since.value), until: fromInput(until.value) };

			const active = Object.values(query).filter(Boolean).length;

			count.textContent = active ? ` (${active})` : "";
			return query;
		},
	};
}

export function mount(page) {
	const body = h("tbody");
	const foot = h("div.audit-foot", {});
	const box = h("div.table-box.audit-box", {}, h("table.table.table-small.audit-table", { "aria-label": "Audit trail, the newest first" },
		h("thead", {}, h("tr", {}, ["Number", "Time", "User", "Operation", "Object", "Status", "Detail"].map((head, i) =>
			h(`th.audit-${["seq", "time", "who", "what", "object", "status", "detail"][i]}${i ? "" : ".number"}`, { scope: "col" }, head)))), body));
	const content = h("div", {}, skeleton(12));
	const filter = filters(() => start());
	const check = verifier(page);
	const sentinel = h("div.audit-sentinel", { "aria-hidden": "true" });
	let query = {};
	let turn = 0;
	let first = null; /* the newest that is shown */
	let last = null;
	let hasMore = false;
	let isAsking = false;

	async function ask({ passive }) {
		const mine = turn;

		isAsking = true;
		try {
			const answer = await api.get("/audit", { query: { ...query, before: last ?? undefined, limit: PAGE }, passive, signal: page.signal });

			if (mine !== turn)
				return;
			if (last === null)
				replace(content, answer.records.length ? [box, foot, sentinel] : nothing());
			first ??= answer.records[0]?.seq ?? null;
			last = answer.records.at(-1)?.seq ?? last;
			hasMore = answer.more;
			body.append(...answer.records.map(line));
			replace(foot, hasMore ? h("p.hint", {}, "Older records come as you scroll.")
					      : h("p.hint", {}, `That is all: ${body.children.length.toLocaleString()} records.`));
		} catch (error) {
			if (error.name === "AbortError" || mine !== turn)
				return;
			if (last === null)
				replace(content, failure(error, start));
			else
				replace(foot, h("div.actions", {}, h("p", {}, error.message), h("button", { type: "button", onclick: () => ask({ passive: false }) }, "Try again")));
			hasMore = false;
		}
		isAsking = false;
		watch();
	}

	function nothing() {
		return Object.values(query).some(Boolean)
			? empty({ symbol: "search", title: "Nothing matches", text: "Change the filter, or clear it to see everything." })
			: empty({ symbol: "audit", title: "No records yet", text: "Each change to keys, certificates, trust and users leaves one here." });
	}

	function start() {
		turn++;
		query = filter.query();
		first = last = null;
		body.replaceChildren();
		ask({ passive: false });
	}

	/* What was written since: put on top where it does not move what one reads. */
	async function refresh() {
		if (isAsking || scrollY > 200 || last === null)
			return;
		try {
			const answer = await api.get("/audit", { query: { ...query, limit: PAGE }, passive: true, signal: page.signal });
			const fresh = answer.records.filter((record) => record.seq > first);

			if (fresh.length === PAGE)
				return start();
			if (fresh.length) {
				first = fresh[0].seq;
				body.prepend(...fresh.map(line));
			}
		} catch {
			/* The banner says it. */
		}
	}

	/* The observer tells only of changes: what is in sight still is asked again. */
	function watch() {
		observer.unobserve(sentinel);
		if (sentinel.isConnected)
			observer.observe(sentinel);
	}

	const observer = new IntersectionObserver(([entry]) => entry.isIntersecting && hasMore && !isAsking && ask({ passive: false }),
						  { rootMargin: "600px" });

	page.signal.addEventListener("abort", () => observer.disconnect(), { once: true });
	/* Most records come with no event. */
	const timer = setInterval(() => !document.hidden && refresh(), POLL_MS);

	page.signal.addEventListener("abort", () => clearInterval(timer), { once: true });
	start();
	return h("div.audit", {},
		 pageHead("Audit trail", {
			 lead: "Who did what, the newest first. Records are chained, and the TPM vouches for their end.",
			 actions: [filter.toggle, check.button, h("button", { type: "button", onclick: () => exportTrail(page, filter.query()) },
								  icon("download"), "Export…")],
		 }),
		 check.result, filter.element, content);
}
