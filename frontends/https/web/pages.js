/*
 * The pages, in the order of the navigation: path, title, icon (ui/icons.js), the right that each
 * needs ("": any login; isPublic: not even that), and its module.
 *
 * A module exports mount(page), which returns the page's element at once and fills it when data
 * comes. It has one h1 (pageHead() of ui/page.js makes it). page has
 *   path          what follows in the address: ["device", "12"]
 *   onPath(fn)    called when that changes while the page stays
 *   signal        aborted when the page goes: for listeners, requests, live hints
 *   title(text)   the document's title, where it is more than the page's
 */
export const pages = [
	{ path: "certs", title: "Certificates", icon: "certificate", right: "view",
	  load: () => import("./pages/certs.js") },
	{ path: "services", title: "Services", icon: "services", right: "view",
	  load: () => import("./pages/services.js") },
	{ path: "trust", title: "Trust", icon: "trust", right: "view",
	  load: () => import("./pages/trust.js") },
];
