/* Making a certificate: by a CA here, by itself, or by a CSR for a CA elsewhere. */
import { api } from "../../api.js";
import { go, link } from "../../router.js";
import { openDialog } from "../../ui/dialog.js";
import { debounce, h, replace } from "../../ui/dom.js";
import { makeForm, selectField } from "../../ui/form.js";
import { icon } from "../../ui/icons.js";
import { toast } from "../../ui/toast.js";
import { saveCsr } from "./request.js";
import { hashField, keyFields, validityFields } from "./keyfields.js";
import { namesField, subjectFields } from "./names.js";
import { findingText, nameOf, profiles, lengthText, tabOf } from "./words.js";

const DRAFT_MS = 350;
const LEVELS = [{ value: "0", text: "Any number" }, { value: "1", text: "None: it signs certificates of devices only" },
		{ value: "2", text: "One level" }, { value: "3", text: "Two levels" }];

function issuerOptions(store) {
	const cas = store.list("ca").filter((ca) => ca.private_key && ca.state === "active");

	return [
		...(cas.length ? [{ text: "A CA here", options: cas.map((ca) => ({ value: String(ca.id), text: `${nameOf(ca)} (${lengthText(ca)})` })) }] : []),
		{ text: "Otherwise", options: [{ value: "self", text: "Itself (self-signed)" }, { value: "elsewhere", text: "A CA elsewhere (makes a CSR)" }] },
	];
}

function yearsText(days) {
	return days % 365 === 0 ? `${days / 365} ${days === 365 ? "year" : "years"}` : `${days} days`;
}

/* What others will see that it is for. */
function usageText(profile) {
	const usages = [...(profile?.key_usages ?? []), ...(profile?.extended_key_usages ?? [])];

	return usages.length ? `Key usage: ${usages.join(", ")}` : "";
}

/* Findings, at the fields that they are about; of what nobody has looked at yet, below. */
function showFindings(findings, places, summary, isTouched) {
	const at = new Map();
	const left = [];

	for (const finding of findings) {
		const place = places[finding.field] ?? null;

		if (place && isTouched(place))
			at.set(place, [...(at.get(place) ?? []), finding]);
		else
			left.push(finding);
	}
	for (const place of new Set(Object.values(places))) {
		const list = at.get(place) ?? [];
		const isError = list.some((finding) => finding.severity === "error");
		const text = list.map((finding) => `${findingText(finding)} (${finding.rule}).`).join(" ");

		place.setError(text || null, isError ? "error" : "warning");
	}
	const errors = findings.filter((finding) => finding.severity === "error").length;

	replace(summary, errors
		? [icon("info"), h("span", {}, errors === 1 ? "One rule is not kept yet." : `${errors} rules are not kept yet.`)]
		: [icon("check"), h("span", {}, findings.length ? "It can be made; mind the hints." : "All rules are kept.")],
		left.map((finding) => h("p.hint", {}, `${findingText(finding)} (${finding.rule}).`)));
	summary.classList.toggle("is-good", errors === 0);
}

export async function openCreate(store, { profile: wanted } = {}) {
	const [list, device] = await Promise.all([profiles(), api.get("/identification", { passive: true }).catch(() => null)]);
	const touched = new Set();
	const asking = new AbortController();
	const changed = (...fields) => () => {
		fields.forEach((field) => touched.add(field()));
		arrange();
		ask();
	};
	const profile = selectField({ label: "Purpose", member: "profile", value: wanted ?? "opcua-server", onInput: changed(() => names),
				      options: list.map(({ name, title }) => ({ value: name, text: title })) });
	const issuer = selectField({ label: "Signed by", member: "issuer_id", options: issuerOptions(store), onInput: changed(() => issuer) });
	const subject = subjectFields({ onInput: changed(() => subject.name) });
	const names = namesField({ onInput: changed(() => names) });
	const key = keyFields({ onInput: changed(() => key.choice) });
	const hash = hashField({ onInput: changed(() => hash) });
	const validity = validityFields({ onInput: changed(() => validity.choice) });
	const levels = selectField({ label: "CAs below it", member: "ca_levels", options: LEVELS, value: "0", onInput: changed(() => levels) });
	const usage = h("p.hint");
	const summary = h("div.draft", { role: "status" });
	const places = { profile, subject: subject.name, names, issuer, validity: validity.choice, key: key.choice, hash, ca_levels: levels };
	const row = () => list.find(({ name }) => name === profile.value);
	const isElsewhere = () => issuer.value === "elsewhere";

	function body() {
		return {
			profile: profile.value, subject: subject.value, names: names.value, ...key.value,
			hash: hash.value || undefined,
			...(isElsewhere() ? {} : {
				issuer_id: issuer.value === "self" ? undefined : Number(issuer.value),
				validity: validity.value,
				ca_levels: row()?.is_ca && levels.value !== "0" ? Number(levels.value) : undefined,
			}),
		};
	}

	function arrange() {
		const isOpcua = row()?.mandatory_names?.some((type) => type.toLowerCase() === "uri") ?? false;
		const host = device?.host ?? location.hostname;
		const name = subject.commonName;

		key.algorithm.prefer(row()?.default_algorithm ?? "ec-p256");
		usage.textContent = usageText(row());
		names.prefer(isOpcua ? "uri" : "dns");
		names.suggest(row()?.is_ca ? [] : [
			...(isOpcua ? [{ type: "uri", value: `urn:${host}:${name || "application"}` }] : []),
			{ type: /^[\d.]+$|:/.test(host) ? "ip" : "dns", value: host },
		]);
		levels.element.hidden = !row()?.is_ca || isElsewhere();
		validity.choice.element.hidden = isElsewhere();
		validity.exact.hidden = isElsewhere() || validity.choice.value !== "exact";
		validity.setUsual(row()?.default_days ? `As is usual: ${yearsText(row().default_days)}` : "As is usual for the purpose");
		form.button.textContent = isElsewhere() ? "Create CSR" : "Create";
	}

	const ask = debounce(async () => {
		if (asking.signal.aborted)
			return;
		const draft = body();

		try {
			const { findings } = await api.post("/certs/draft", { body: draft, signal: asking.signal });

			/* Meanwhile more was typed: the next answer is the one. */
			if (JSON.stringify(draft) === JSON.stringify(body()))
				showFindings(findings, places, summary, (place) => touched.has(place));
		} catch (error) {
			if (error.name !== "AbortError" && !error.isAway && error.status !== 401)
				replace(summary, icon("warn"), h("span", {}, error.message));
		}
	}, DRAFT_MS);

	const form = makeForm({
		fields: [profile, issuer, subject.name, names, key.choice, key.algorithm.length, key.name, key.keys, hash, validity.choice, validity.from, validity.until, levels],
		layout: [
			h("div.field-row", {}, profile.element, issuer.element),
			...subject.elements, names.element,
			h("fieldset", {}, h("legend.visually-hidden", {}, "Key"), key.elements),
			h("fieldset", {}, h("legend.visually-hidden", {}, "Signature and validity"),
			  h("div.field-row", {}, hash.element, validity.choice.element), validity.exact, levels.element),
			summary,
		],
		submit: "Create",
		onSubmit: async () => {
			Object.values(places).forEach((place) => touched.add(place));
			if (isElsewhere()) {
				const { cert, csr } = await api.post("/certs/request", { body: body() });

				dialog.close();
				store.put(cert);
				saveCsr(cert, csr);
				go(link("certs", tabOf(cert.kind), cert.id));
				return;
			}
			const { cert, note } = await api.post("/certs", { body: body() });

			dialog.close();
			store.put(cert);
			toast(`Certificate ${cert.id} for ${nameOf(cert)} is made.${note ? ` Note: ${note}` : ""}`);
			go(link("certs", tabOf(cert.kind), cert.id));
		},
		onCancel: () => dialog.close(),
	});
	const dialog = openDialog({ title: wanted === "ca" ? "Create a CA" : "Create certificate", body: form.element, wide: true, isBusy: form.isBusy,
				    onClose: () => {
					    asking.abort();
					    ask.cancel();
				    } });

	profile.element.append(usage);
	arrange();
	ask();
	profile.control.focus();
}
