/*
 * A value over time as a line, for eyes, keyboards and screen readers.
 *
 *   const chart = makeChart({ title: "TPM latency", unit: "ms", spanS: 600, lead, signal });
 *   chart.draw([{ time, value }, …])    time: Unix seconds, rising; value null: a gap
 *
 * Pointer, or arrows, Home and End on the focused chart, read a moment out. The table below has each
 * minute. Axes have round steps; the line is as wide as the page.
 */
import { h, replace, s, unique } from "./dom.js";

const HEIGHT = 190;
const MARGIN = { top: 26, right: 8, bottom: 26, left: 42 };
const MINUTE_S = 60;
const LABEL_PX = 34;
const STEPS = [1, 2, 2.5, 5, 10];
const hours = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const moments = new Intl.DateTimeFormat(undefined, {
	hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});

export function number(value) {
	if (value === null || value === undefined)
		return "–";
	return value.toLocaleString(undefined, { maximumFractionDigits: Math.abs(value) < 10 ? 1 : 0 });
}

/* All digits of a step, or steps of 0.25 would not look even. */
function tickText(value) {
	return value.toLocaleString(undefined, { maximumFractionDigits: 6 });
}

/* Round steps from 0 to at least max, three to five of them. */
export function ticksTo(max) {
	const rough = Math.max(max, 1e-9) / 4;
	const power = 10 ** Math.floor(Math.log10(rough));
	const step = STEPS.find((candidate) => candidate * power >= rough * 0.999) * power;
	const count = Math.max(1, Math.ceil(max / step - 1e-9));

	return Array.from({ length: count + 1 }, (_, i) => i * step);
}

/* What is known of the values, for the line above the chart. */
export function summary(samples) {
	const values = samples.map((sample) => sample.value).filter((value) => value !== null).sort((a, b) => a - b);

	if (!values.length)
		return null;
	return {
		last: samples.findLast((sample) => sample.value !== null).value,
		median: values[Math.floor((values.length - 1) / 2)],
		most: values.at(-1),
		p95: values[Math.floor((values.length - 1) * 0.95)],
	};
}

function path(samples, x, y) {
	let text = "";
	let isDown = false;
	let before = null;

	for (const { time, value } of samples) {
		/* What was not asked for is no line either. */
		if (value === null || (before !== null && time - before > 5))
			isDown = false;
		if (value !== null) {
			text += `${isDown ? "L" : "M"}${x(time).toFixed(1)} ${y(value).toFixed(1)}`;
			isDown = true;
		}
		before = time;
	}
	return text;
}

function gaps(samples) {
	const found = [];

	for (const [i, { time, value }] of samples.entries()) {
		if (value !== null)
			continue;
		if (i > 0 && samples[i - 1].value === null)
			found.at(-1)[1] = time;
		else
			found.push([samples[i - 1]?.time ?? time, time]);
	}
	return found;
}

function minutes(samples) {
	const rows = new Map();

	for (const { time, value } of samples) {
		const at = Math.floor(time / MINUTE_S) * MINUTE_S;

		if (!rows.has(at))
			rows.set(at, []);
		if (value !== null)
			rows.get(at).push(value);
	}
	return [...rows].reverse();
}

export function makeChart({ title, unit, spanS = 600, gapText = "no answer", signal }) {
	const id = unique("chart");
	const drawing = s("svg", { class: "chart-drawing", height: HEIGHT, "aria-hidden": "true", focusable: "false" });
	const readout = h("div.chart-readout", { hidden: true, "aria-hidden": "true" });
	const pad = h("div.chart-pad", { role: "slider", tabindex: "0", "aria-label": `${title}, by time`,
					 "aria-valuemin": "0", "aria-valuemax": "0", "aria-valuenow": "0",
					 "aria-valuetext": "No values yet" });
	const facts = h("p.chart-facts", { id });
	const rows = h("tbody");
	const table = h("details.chart-table", {}, h("summary", {}, "Values as a table"),
			h("div.table-scroll", { tabindex: "0", role: "region", "aria-label": `${title}, values` },
			  h("table.minutes", {}, h("caption.visually-hidden", {}, `${title} by minute, in ${unit}`),
			    h("thead", {}, h("tr", {}, ["Minute", `Mean (${unit})`, `Most (${unit})`].map((head, i) =>
				    h("th", { scope: "col", class: i ? "number" : null }, head)))), rows)));
	const element = h("figure.chart", {}, h("figcaption", {}, h("h3", {}, title), facts),
			  h("div.chart-box", {}, drawing, readout, pad), table);
	let samples = [];
	let at = null; /* index of the sample that is read out */
	let scale = null;

	function text({ time, value }) {
		return `${moments.format(time * 1000)}: ${value === null ? gapText : `${number(value)} ${unit}`}`;
	}

	function mark() {
		drawing.querySelector(".chart-mark")?.remove();
		readout.hidden = at === null || !scale;
		if (at === null || !scale)
			return;
		const sample = samples[at];
		const left = scale.x(sample.time);

		drawing.append(s("g", { class: "chart-mark" },
				 s("line", { x1: left, x2: left, y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom }),
				 sample.value === null ? [] : s("circle", { cx: left, cy: scale.y(sample.value), r: 4 })));
		readout.textContent = text(sample);
		readout.style.left = `${Math.min(Math.max(left, MARGIN.left + 60), scale.width - 70)}px`;
	}

	function say() {
		pad.setAttribute("aria-valuemax", String(Math.max(0, samples.length - 1)));
		pad.setAttribute("aria-valuenow", String(at ?? Math.max(0, samples.length - 1)));
		pad.setAttribute("aria-valuetext", samples.length ? text(samples[at ?? samples.length - 1]) : "No values yet");
	}

	function paint() {
		const width = Math.floor(drawing.parentElement.clientWidth);

		if (width < 80 || !samples.length)
			return;
		const end = samples.at(-1).time;
		const begin = end - spanS;
		const ticks = ticksTo(Math.max(...samples.map((sample) => sample.value ?? 0)) || 1);
		const x = (time) => MARGIN.left + (time - begin) / spanS * (width - MARGIN.left - MARGIN.right);
		const y = (value) => HEIGHT - MARGIN.bottom -
			value / ticks.at(-1) * (HEIGHT - MARGIN.top - MARGIN.bottom);
		const stepS = (width < 420 ? 4 : 2) * MINUTE_S;
		const labels = [];

		scale = { x, y, width };
		for (let time = Math.ceil(begin / stepS) * stepS; time <= end; time += stepS)
			labels.push(time);
		drawing.setAttribute("width", width);
		drawing.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
		replace(drawing,
			ticks.map((tick) => [
				s("line", { class: "chart-grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(tick), y2: y(tick) }),
				s("text", { class: "chart-text chart-text-y", x: MARGIN.left - 8, y: y(tick) + 4 }, tickText(tick)),
			]),
			s("text", { class: "chart-text", x: 0, y: 12 }, unit),
			labels.map((time) => s("text", { class: "chart-text chart-text-x", y: HEIGHT - 6,
						 x: Math.min(x(time), width - LABEL_PX / 2) }, hours.format(time * 1000))),
			gaps(samples).map(([from, to]) => s("rect", { class: "chart-gap", x: x(from), y: MARGIN.top,
				width: Math.max(1, x(to) - x(from)), height: HEIGHT - MARGIN.top - MARGIN.bottom })),
			s("path", { class: "chart-line", d: path(samples, x, y) }));
		mark();
	}

	function tabulate() {
		if (!table.open)
			return;
		replace(rows, minutes(samples).map(([time, values]) => h("tr", {},
			h("th", { scope: "row" }, hours.format(time * 1000)),
			h("td.number", {}, values.length ? number(values.reduce((sum, value) => sum + value, 0) / values.length) : gapText),
			h("td.number", {}, values.length ? number(Math.max(...values)) : ""))));
	}

	function read(next) {
		at = next === null || !samples.length ? null : Math.min(Math.max(next, 0), samples.length - 1);
		mark();
		say();
	}

	pad.addEventListener("pointermove", (event) => {
		if (!scale)
			return;
		const left = event.clientX - pad.getBoundingClientRect().left;
		let nearest = 0;

		for (const [i, sample] of samples.entries())
			if (Math.abs(scale.x(sample.time) - left) < Math.abs(scale.x(samples[nearest].time) - left))
				nearest = i;
		read(nearest);
	});
	pad.addEventListener("pointerleave", () => document.activeElement !== pad && read(null));
	pad.addEventListener("blur", () => read(null));
	pad.addEventListener("keydown", (event) => {
		const now = at ?? samples.length - 1;
		const to = { ArrowLeft: now - 1, ArrowRight: now + 1, ArrowDown: now - 1, ArrowUp: now + 1,
			     PageDown: now - MINUTE_S, PageUp: now + MINUTE_S, Home: 0, End: samples.length - 1 }[event.key];

		if (event.key === "Escape")
			read(null);
		if (to === undefined)
			return;
		event.preventDefault();
		read(to);
	});
	table.addEventListener("toggle", tabulate);

	const observer = new ResizeObserver(paint);

	observer.observe(drawing.parentElement);
	signal?.addEventListener("abort", () => observer.disconnect(), { once: true });
	return {
		element,
		draw(next) {
			/* The moment that is read out stays, while the line moves on. */
			const kept = at === null ? null : samples[at].time;
			const known = summary(next);

			samples = next;
			at = kept === null ? null : Math.max(0, samples.findIndex((sample) => sample.time >= kept));
			facts.textContent = known ? `${number(known.last)} ${unit} now · median ${number(known.median)} · 95 % below ${number(known.p95)} · most ${number(known.most)}${next.some((sample) => sample.value === null) ? ` · shaded: ${gapText}` : ""}`
				: "No values yet";
			paint();
			say();
			tabulate();
		},
	};
}
