/* Diagnostics: the TPM, how busy it is, the clock, what ends soon, and what services use. */
import { api } from "../api.js";
import { live } from "../live.js";
import { link } from "../router.js";
import { session } from "../session.js";
import { badge } from "../ui/badge.js";
import { makeChart, number } from "../ui/chart.js";
import { confirm } from "../ui/confirm.js";
import { h, replace } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { empty, facts, failure, pageHead, resource, section } from "../ui/page.js";
import { smallTable } from "../ui/table.js";
import { date, daysLeft } from "../ui/time.js";
import { toast } from "../ui/toast.js";
import { tabOf } from "./certs/words.js";

const POLL_MS = 2000;
const SPAN_S = 600;
const RATE_SAMPLES = 5;
const SOON_DAYS = 30;

const TPM_KINDS = { ready: "good", starting: "info", unavailable: "bad", "locked out": "bad" };
const CLOCK_TEXTS = {
	good: "believed",
	"before build": "before this software was built",
	behind: "behind what it was",
	ahead: "jumped ahead",
};

const CHARTS = [
	{ title: "TPM latency", unit: "ms", value: (sample) => sample.latency_ms },
	{ title: "Signatures", unit: "per s", value: (sample) => sample.signatures },
	{ title: "Requests that wait for the TPM", unit: "requests", value: (sample) => sample.queue },
	{ title: "Connections to keystored", unit: "connections", value: (sample) => sample.connections },
];

function duration(seconds) {
	const days = Math.floor(seconds / 86400);
	const hours = Math.floor(seconds / 3600) % 24;
	const minutes = Math.floor(seconds / 60) % 60;

	if (days)
		return `${days} d ${hours} h`;
	return hours ? `${hours} h ${minutes} min` : `${minutes} min`;
}

function tile(title, value, note, kind) {
	return h(`div.tile${kind ? `.tile-${kind}` : ""}`, {}, h("h2", {}, title), h("p.tile-value", {}, value),
		 note ? h("p.tile-note", {}, note) : null);
}

function certsTile({ expiring, expired }) {
	if (expired)
		return tile("Certificates", `${expired} expired`, expiring ? `${expiring} more end within ${SOON_DAYS} days` : null, "bad");
	if (expiring)
		return tile("Certificates", `${expiring} end soon`, `within ${SOON_DAYS} days`, "warn");
	return tile("Certificates", "All valid", `none ends within ${SOON_DAYS} days`);
}

function tiles(status, samples) {
	const { tpm, queue, counters, service, web } = status;
	const recent = samples.slice(-RATE_SAMPLES).map((sample) => sample.signatures).filter((value) => typeof value === "number");
	const rate = recent.length ? recent.reduce((sum, value) => sum + value, 0) / recent.length : null;
	const kind = { bad: "bad", info: "warn" }[TPM_KINDS[tpm.state]];

	return h("div.tiles", {},
		 tile("TPM", badge(tpm.state, TPM_KINDS[tpm.state]), tpm.reason || [tpm.manufacturer, tpm.model].filter(Boolean).join(" "), kind),
		 tile("Signatures", [number(rate), h("small", {}, " per s")], `${counters.signatures.toLocaleString()} since the start`),
		 tile("Waiting", [String(queue.length), h("small", {}, ` of ${queue.limit}`)], "requests for the TPM",
		      queue.length * 2 > queue.limit ? "warn" : null),
		 tile("Connections", String(service.connections), web ? `to keystored; ${web.connections} to these pages` : "to keystored"),
		 certsTile(status.certificates),
		 tile("Up for", duration(service.uptime_seconds), `keystored ${service.version}`));
}

async function vouch(reload) {
	const isDone = await confirm({
		title: "Is the device’s clock right?",
		text: [`This browser says that it is ${new Date().toLocaleString()}. Compare it with the device’s clock first (timedatectl shows it).`,
		       "Once you have confirmed it, certificates are judged and renewed by that clock."],
		action: "The clock is right",
		run: () => api.post("/clock/confirm"),
	});

	if (isDone) {
		toast("The clock is confirmed.");
		reload();
	}
}

function clockSection({ clock }, reload) {
	const isGood = clock.state === "good";

	return section("Clock",
		h("p", {}, badge(isGood ? "good" : "not believed", isGood ? "good" : "bad"), " ",
		  isGood ? "keystored believes the device’s clock." : `It is ${CLOCK_TEXTS[clock.state] ?? clock.state}.`),
		clock.note ? h("p.hint", {}, clock.note) : null,
		isGood ? null : h("p", {}, "Until then nothing is renewed or told as expired. Set the clock or connect a time server; or confirm that it is right."),
		isGood || !session.may("manage-certs") ? null
			: h("div.actions", {}, h("button", { type: "button", onclick: () => vouch(reload) }, icon("clock"), "Confirm the clock…")));
}

function tpmSection({ tpm, counters, limits }) {
	const pinned = tpm.persistent_free;

	return section("TPM",
		facts([
			["State", badge(tpm.state, TPM_KINDS[tpm.state]), tpm.reason ? ` ${tpm.reason}` : ""],
			["Chip", [tpm.manufacturer, tpm.model].filter(Boolean).join(" ")],
			["Firmware", tpm.firmware],
			["Keys", `${counters.keys} of at most ${limits.keys}`],
			["Algorithms", tpm.algorithms.join(", ")],
			["Hashes", tpm.hashes.join(", ") + (tpm.pss_padded_here ? "; PSS is padded by the service" : "")],
			["Room", `${tpm.transient_slots} keys loaded at once, ${pinned} more can be pinned`],
			["Work so far", `${counters.tpm_commands.toLocaleString()} commands, ${counters.decryptions.toLocaleString()} decryptions`],
			["Lost and got back", counters.tpm_reopened ? `${counters.tpm_reopened} times` : "never"],
			["Signatures withheld", counters.signatures_withheld
				? badge(`${counters.signatures_withheld}: the TPM gave wrong ones`, "bad") : "none"],
		]));
}

function endText(cert) {
	const days = daysLeft(cert.not_after);

	if (days <= 0)
		return badge("expired", "bad");
	return badge(days === 1 ? "1 day" : `${days} days`, days <= 7 ? "bad" : "warn");
}

function soonSection(certs) {
	const soon = certs.filter((cert) => ["active", "expired"].includes(cert.state) && cert.kind !== "trusted" &&
			daysLeft(cert.not_after) <= SOON_DAYS)
		.sort((a, b) => a.not_after.localeCompare(b.not_after)).slice(0, 50);

	return section("Certificates that end soon", soon.length
		? smallTable({ label: "The next to end", heads: ["Certificate", "Ends", "Left"],
			       rows: soon.map((cert) => [
				       h("a", { href: link("certs", tabOf(cert.kind), cert.id) }, cert.common_name || cert.subject || `ID ${cert.id}`),
				       date(cert.not_after), endText(cert),
			       ]) })
		: h("p.hint", {}, `None ends within ${SOON_DAYS} days.`));
}

function servicesSection(services) {
	return section("Services and what they use", services.length
		? smallTable({ label: "Each service", heads: ["Service", "Certificate", "Trust group", "User"],
			       rows: services.map((service) => [
				       h("a", { href: link("services", service.name) }, service.name),
				       service.cert_id ? h("a", { href: link("certs", tabOf("device"), service.cert_id) },
							   service.common_name || `ID ${service.cert_id}`) : badge("none yet", "warn"),
				       service.group ? h("a", { href: link("trust", service.group) }, service.group) : "–",
				       service.uid === null || service.uid === undefined ? "–" : `uid ${service.uid}`,
			       ]) })
		: empty({ title: "No services yet", text: "Make one on the page Services, and give it a certificate." }));
}

/* What the right to view shows beside the right to diagnostics. */
function viewed(page, topics, path, member, show, next) {
	const part = resource(page, (options) => api.all(path, member, { ...options, next }), show, { rows: 3 });

	live.refresh(topics, () => part.reload(), { signal: page.signal });
	return part.element;
}

export function mount(page) {
	const head = h("div.diagnostics-head", {});
	const clock = h("div.stack", {});
	const chip = h("div.stack", {});
	let clockShown = "";
	const charts = CHARTS.map((chart) => ({ ...chart, drawn: makeChart({ ...chart, spanS: SPAN_S, signal: page.signal }) }));
	const trend = section("Last ten minutes", h("div.charts", {}, charts.map((chart) => chart.drawn.element)));
	let samples = [];
	let isAsking = false;
	let isShown = false;

	async function ask({ passive = true } = {}) {
		if (isAsking || page.signal.aborted)
			return;
		isAsking = true;
		try {
			const options = { passive, signal: page.signal };
			const [status, news] = await Promise.all([
				api.get("/status", options),
				api.get("/trend", { ...options, query: { after: samples.at(-1)?.time } }),
			]);

			samples = [...samples, ...news.samples].filter((sample, i, all) => sample.time > all.at(-1).time - SPAN_S);
			replace(head, tiles(status, samples));
			/* Not without a reason: somebody may be at its button. */
			if (clockShown !== JSON.stringify(status.clock))
				replace(clock, clockSection(status, () => ask({ passive: false })));
			clockShown = JSON.stringify(status.clock);
			replace(chip, tpmSection(status));
			for (const { drawn, value } of charts)
				drawn.draw(samples.map((sample) => ({ time: sample.time, value: value(sample) ?? null })));
			trend.hidden = false;
			isShown = true;
		} catch (error) {
			/* What is shown stays while the service is away; the banner says that it is. */
			if (error.name !== "AbortError" && !isShown)
				replace(head, failure(error, () => ask({ passive: false })));
		}
		isAsking = false;
	}

	trend.hidden = true;
	ask({ passive: false });
	const timer = setInterval(() => !document.hidden && ask(), POLL_MS);

	page.signal.addEventListener("abort", () => clearInterval(timer), { once: true });
	live.on(["tpm", "clock"], () => ask(), { signal: page.signal });
	return h("div.diagnostics", {},
		 pageHead("Diagnostics", { lead: "How the TPM and keystored are doing, as it happens." }),
		 head, trend, h("div.pair", {}, h("div.stack", {}, chip, clock), session.may("view") ? h("div.stack", {},
			viewed(page, ["cert", "expiry"], "/certs", "certs", soonSection),
			viewed(page, ["service"], "/services", "services", servicesSection, (service) => service.name)) : null));
}
