/* The certificate manager: three tabs, a list in each, and what is known of the one that is chosen. */
import { pageHead } from "../ui/page.js";
import { h } from "../ui/dom.js";

export function mount() {
	return h("div", {}, pageHead("Certificates"));
}
