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
	{ path: "keys", title: "Keys", icon: "key", right: "view",
	  load: () => import("./pages/keys.js") },
	{ path: "diagnostics", title: "Diagnostics", icon: "activity", right: "read-diagnostics",
	  load: () => import("./pages/diagnostics.js") },
	{ path: "data", title: "Process data", icon: "data", right: "read-process-data",
	  load: () => import("./pages/data.js") },
	{ path: "users", title: "Users and roles", icon: "users", right: "manage-users",
	  load: () => import("./pages/users.js") },
	{ path: "audit", title: "Audit trail", icon: "audit", right: "read-audit",
	  load: () => import("./pages/audit.js") },
	{ path: "account", title: "Your account", icon: "lock", right: "",
	  load: () => import("./pages/account.js") },
	{ path: "roots", title: "Root certificates", icon: "download", isPublic: true,
	  load: () => import("./pages/roots.js") },
];
