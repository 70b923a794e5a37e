/* The chain of a certificate as a picture: from the anchor down to itself, each below its issuer. */
import { link } from "../../router.js";
import { badge } from "../../ui/badge.js";
import { h } from "../../ui/dom.js";
import { commonName, nameOf, originText, stateBadge, stateOf, tabOf } from "./words.js";

const LEVELS_MAX = 16;

/* The anchor first. An issuer that is not known here is { missing: its name }. */
function levels(cert, store) {
	const chain = [cert];

	while (chain.length < LEVELS_MAX) {
		const [top] = chain;

		if (top.issuer_id === top.id)
			break;
		const issuer = store.byId(top.issuer_id);

		if (!issuer || chain.includes(issuer)) {
			chain.unshift({ missing: top.issuer });
			break;
		}
		chain.unshift(issuer);
	}
	return chain;
}

/* What the picture shows, to be compared. */
export function chainKey(cert, store) {
	return levels(cert, store).map((level) => `${level.id ?? ""} ${level.state ?? ""}`).join() + store.isPartial;
}

function line(level, cert, store) {
	if (level.missing && store.isPartial)
		return h("div.chain-link", {}, h("span.chain-mark", { "aria-hidden": "true" }), h("span.chain-name", {}, commonName(level.missing)));
	if (level.missing)
		return h("div.chain-link.chain-missing", {}, h("span.chain-mark", { "aria-hidden": "true" }),
			 h("span.chain-name", {}, h("b", {}, commonName(level.missing)), h("small", {}, "Not known here: import it, so that the chain is whole")),
			 badge("Missing", "warn"));
	const isSelf = level.id === cert.id;

	return h(`div.chain-link${isSelf ? ".chain-is-self" : ""}`, {}, h("span.chain-mark", { "aria-hidden": "true" }),
		 h("span.chain-name", {},
		   isSelf ? h("b", { "aria-current": "true" }, nameOf(level)) : h("a", { href: link("certs", tabOf(level.kind), level.id) }, nameOf(level)),
		   h("small", {}, [level.issuer_id === level.id ? (level.kind === "device" ? "Self-signed" : "Root") : null, `ID ${level.id}`,
				   level.private_key ? `key: ${originText(level)}` : null].filter(Boolean).join(" · "))),
		 stateOf(level).key === "active" ? null : stateBadge(level));
}

export function chainPart(cert, store) {
	const tree = levels(cert, store).reduceRight((below, level) =>
		h("li", {}, line(level, cert, store), below ? h("ol", {}, below) : null), null);

	return h("ol.chain", { "aria-label": "Chain of trust, from the root down" }, tree);
}
