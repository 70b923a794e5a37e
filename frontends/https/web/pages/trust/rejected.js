/* What was refused, and why; one click trusts it. */
import { api, part, sentence } from "../../api.js";
import { live } from "../../live.js";
import { session } from "../../session.js";
import { confirm } from "../../ui/confirm.js";
import { copyable, inPairs } from "../../ui/copy.js";
import { h } from "../../ui/dom.js";
import { icon } from "../../ui/icons.js";
import { makeMenu } from "../../ui/menu.js";
import { resource } from "../../ui/page.js";
import { ago } from "../../ui/time.js";
import { toast, toastError } from "../../ui/toast.js";
import { commonName } from "../certs/words.js";

const FOLDED = 3;

export function rejectedList(page, { onTrusted }) {
	let isUnfolded = false;
	const list = resource(page, (options) => api.all("/rejected", "rejected", { ...options }), show, { rows: 2 });

	async function trust(one, button) {
		button.setAttribute("aria-busy", "true");
		try {
			await api.post(part`/rejected/${one.id}/trust`);
			toast(`${commonName(one.subject)} is trusted in ${one.group} from now on.`);
			list.reload();
			onTrusted();
		} catch (error) {
			button.removeAttribute("aria-busy");
			toastError(error);
		}
	}

	async function forget(one) {
		try {
			await api.remove(part`/rejected/${one.id}`);
			list.reload();
		} catch (error) {
			toastError(error);
		}
	}

	async function forgetAll() {
		if (await confirm({ title: "Forget everything that was refused?", action: "Forget all",
				    text: "Nothing else changes: who comes again and is not trusted is refused and listed again.",
				    run: () => api.remove("/rejected") }))
			list.reload();
	}

	function row(one) {
		const button = h("button", { type: "button", "aria-label": `Trust ${commonName(one.subject)}`, onclick: () => trust(one, button) }, icon("trust"), "Trust");

		return h("li.rejected", {},
			 h("div.rejected-what", {},
			   h("p", {}, h("b", {}, commonName(one.subject) || "Without a subject"), h("span.muted", {}, " refused by "), one.group),
			   h("p", {}, sentence(one.message)),
			   h("p.hint", {}, `${one.count === 1 ? "Once" : `${one.count} times`}, the last time `, ago(one.last_seen), ` · issued by ${one.issuer === one.subject ? "itself" : commonName(one.issuer)}`),
			   h("details.more", {}, h("summary", {}, "Fingerprint to compare"), copyable(inPairs(one.fingerprint), "fingerprint"), h("p.hint", {}, one.subject))),
			 session.may("manage-trust") ? h("div.actions", {}, button,
				makeMenu({ label: `More for ${commonName(one.subject)}`, symbol: "more", quiet: true,
					   items: [{ text: "Forget", hint: "Takes it off this list", icon: "trash", run: () => forget(one) }] })) : null);
	}

	function show(all) {
		if (!all.length)
			return [];
		const shown = isUnfolded ? all : all.slice(0, FOLDED);

		return h("section.card.rejected-card", { "aria-label": "Refused" },
			 h("div.service-head", {}, h("h2", {}, `Refused (${all.length})`),
			   session.may("manage-trust") ? h("button.quiet.small", { type: "button", onclick: forgetAll }, "Forget all") : null),
			 h("ul.plain", {}, shown.map(row)),
			 all.length > shown.length ? h("div", {}, h("button.small", { type: "button", onclick: () => {
				 isUnfolded = true;
				 list.reload();
			 } }, `Show all ${all.length}`)) : null);
	}

	live.refresh(["rejected", "trust"], list.reload, { signal: page.signal });
	return list;
}
