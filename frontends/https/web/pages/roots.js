/* Root certificates for a browser to trust, and how that is done. Works without a login. */
import { api, part } from "../api.js";
import { link } from "../router.js";
import { session } from "../session.js";
import { badge } from "../ui/badge.js";
import { copyable, inPairs } from "../ui/copy.js";
import { h, hidden } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { empty, pageHead, resource, section } from "../ui/page.js";
import { date } from "../ui/time.js";
import { toastError } from "../ui/toast.js";

const GUIDES = [
	{ key: "windows", title: "Windows: Edge and Chrome", is: /Windows/, steps: [
		"Open the downloaded file and choose “Install Certificate…”.",
		"Choose “Current User”, or “Local Machine” for everybody on this computer, and “Next”.",
		"Choose “Place all certificates in the following store”, “Browse…”, “Trusted Root Certification Authorities”, “OK”, “Next”, “Finish”.",
		"Windows shows a warning with the fingerprint (SHA-1): compare it with the one above, then answer “Yes”.",
		"Close every window of the browser and open this page again.",
	] },
	{ key: "firefox", title: "Firefox, on every system", is: /Firefox/, steps: [
		"Open the menu, “Settings”, “Privacy & Security”, and at the bottom “View Certificates…”.",
		"Choose the tab “Authorities”, “Import…”, and the downloaded file.",
		"Choose “View” and compare the SHA-256 fingerprint with the one above.",
		"Tick “Trust this CA to identify websites”, “OK”, and load this page again.",
	] },
	{ key: "mac", title: "macOS: Safari, Chrome and Edge", is: /Macintosh/, steps: [
		"Open the downloaded file: Keychain Access asks where to; choose “login”, or “System” for everybody on this computer.",
		"Find the certificate, open it, and compare the SHA-256 fingerprint under “Details” with the one above.",
		"Under “Trust”, set “Secure Sockets Layer (SSL)” to “Always Trust”, close the window, and give your password.",
		"Close the browser and open this page again.",
	] },
	{ key: "ios", title: "iPhone and iPad", is: /iPhone|iPad/, steps: [
		"Download the file in Safari and allow the profile.",
		"In “Settings”, open “Profile Downloaded”, “More Details” to compare the fingerprint, then “Install”.",
		"In “Settings”, “General”, “About”, “Certificate Trust Settings”, switch the certificate on.",
	] },
	{ key: "android", title: "Android", is: /Android/, steps: [
		"Download the file.",
		"In “Settings”, search for “CA certificate” (under “Security”, “Encryption & credentials”, “Install a certificate”).",
		"Choose “CA certificate”, “Install anyway”, and the downloaded file.",
		"Under “Trusted credentials”, “User”, open it and compare the fingerprint. Firefox must be told to use it: “Settings”, “About Firefox”, tap the logo five times, then “Secret Settings”, “Use third party CA certificates”.",
	] },
	{ key: "linux", title: "Linux: Chromium and Chrome", is: /Linux|X11/, steps: [
		"Open chrome://certificate-manager in the address bar, “Custom”, “Installed by you”, and import the downloaded file under “Trusted certificates”.",
		"Open its details there and compare the SHA-256 fingerprint with the one above.",
		"Or, in a terminal (package libnss3-tools), with the name of the downloaded file:",
	], code: "certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n \"this device\" -i FILE" },
];

/* Firefox before its system, phones before the systems that they say they are. */
function guideHere() {
	const order = ["firefox", "ios", "android", "windows", "mac", "linux"];

	return order.find((key) => GUIDES.find((guide) => guide.key === key).is.test(navigator.userAgent));
}

/* Fetched by the page: a browser that was told to go on all the same refuses links to files of a page that it warns of. */
function file(root, format, selector, ...text) {
	const place = part`/root-certificates/${root.fingerprint}/file`;

	return h(selector, {
		href: `/api/v1${place}?format=${format}`, download: "",
		onclick: (event) => {
			event.preventDefault();
			api.download(place, { query: { format }, passive: true }).catch(toastError);
		},
	}, text);
}

function card(root) {
	return section(root.common_name || root.subject,
		h("p.root-marks", {}, root.is_own ? badge("used by this page", "good") : null,
		  h("span.hint", {}, root.subject, " · valid to ", date(root.not_after))),
		h("dl.root-prints", {},
		  h("div", {}, h("dt", {}, "SHA-256 fingerprint"), h("dd", {}, copyable(root.fingerprint, "the SHA-256 fingerprint", inPairs(root.fingerprint)))),
		  root.fingerprint_sha1 ? h("div", {}, h("dt", {}, "SHA-1 fingerprint, as Windows shows it"),
			h("dd", {}, copyable(root.fingerprint_sha1, "the SHA-1 fingerprint", inPairs(root.fingerprint_sha1)))) : null),
		h("div.actions", {},
		  file(root, "der", "a.button.primary", icon("download"), "Download", hidden(` ${root.common_name}`)),
		  file(root, "pem", "a.button", "As PEM", hidden(`: ${root.common_name}`))));
}

function guides() {
	const here = guideHere();

	return section("Install it", h("p", {}, "Download the certificate, then:"),
		h("div.guides", {}, GUIDES.map(({ key, title, steps, code }) =>
			h("details.guide", { open: key === here }, h("summary", {}, title),
			  h("ol", {}, steps.map((step) => h("li", {}, step))), code ? h("pre", {}, code) : null))));
}

const compare = () => h("div.note.note-warn", {},
	h("p", {}, h("b", {}, "Compare the fingerprint before you trust it.")),
	h("p", {}, "As long as this browser shows a warning, somebody in between could have changed this page too. Get the fingerprint a second way: from the project’s papers, by telephone, or on the device with"),
	h("pre", {}, "keystorectl cert list --kind ca\nkeystorectl cert show ID"));

export function mount(page) {
	const content = resource(page, (options) => api.get("/root-certificates", options), ({ root_certificates: roots }) => roots.length ? [
		compare(),
		h("div.pair", {}, [...roots].sort((a, b) => Number(b.is_own) - Number(a.is_own)).map(card)),
		guides(),
	] : empty({
		symbol: "trust", title: "No root certificates yet",
		text: "This page’s certificate is self-signed. Once the project’s CAs are there and this service has a certificate by one, its root stands here.",
		actions: session.may("manage-certs") && session.user !== null ? [h("a.button", { href: link("certs") }, "Certificates")] : [],
	}));

	return h("div.roots.stack", {},
		 pageHead("Root certificates", { lead: "Install this device’s root certificate once, and your browser knows every page of the plant that rests on it: no more warnings.",
			 actions: session.user === null ? [h("a.button", { href: "#/" }, icon("left"), "Log in")] : [] }),
		 content.element);
}
