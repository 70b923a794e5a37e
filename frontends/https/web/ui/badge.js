/*
 * badge("active", "good"): a word with a dot; kinds: good, warn, bad, info, plain. The word says it
 * all, the colour says it again.
 */
import { h } from "./dom.js";

export function badge(text, kind = "plain") {
	return h(`span.badge.badge-${kind}`, {}, text);
}
