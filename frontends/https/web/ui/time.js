/*
 * Times for people: local ones, the exact one as a title.
 *
 *   timeText("2026-01-01T00:00:00Z")   "1 Jan 2026, 01:00" in the browser's own words
 *   dateText(…)                        the day alone
 *   relative(…)                        "in 12 days", "3 hours ago"
 *   time(…), date(…), ago(…)           <time> elements of these
 *   daysLeft(…)                        whole days, rounded up; negative: it is over
 */
import { h } from "./dom.js";

const DAY_MS = 86400000;
const UNITS = [["year", 365 * DAY_MS], ["month", 30 * DAY_MS], ["day", DAY_MS], ["hour", 3600000],
	       ["minute", 60000]];
const dates = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "short", day: "numeric" });
const times = new Intl.DateTimeFormat(undefined, {
	year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit",
});
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
const words = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

const parse = (text) => new Date(text ?? NaN);
const isTime = (when) => !Number.isNaN(when.getTime());

function text(format, value) {
	const when = parse(value);

	return isTime(when) ? format.format(when) : "";
}

export const dateText = (value) => text(dates, value);
export const timeText = (value) => text(times, value);

export function relative(value, now = Date.now()) {
	const when = parse(value);

	if (!isTime(when))
		return "";
	const left = when - now;
	const [unit, length] = UNITS.find(([name, ms]) => Math.abs(left) >= (name === "month" ? 90 * DAY_MS : ms)) ??
		["minute", 60000];

	return words.format(Math.round(left / length), unit);
}

export function daysLeft(value, now = Date.now()) {
	return Math.ceil((parse(value) - now) / DAY_MS);
}

function element(value, shown) {
	const when = parse(value);

	return isTime(when) ? h("time", { datetime: when.toISOString(), title: exact.format(when) }, shown) : "";
}

export const date = (value) => element(value, dateText(value));
export const time = (value) => element(value, timeText(value));
export const ago = (value) => element(value, relative(value));

/* For <input type="datetime-local">, and back. */
export function toInput(when) {
	const local = new Date(when.getTime() - when.getTimezoneOffset() * 60000);

	return local.toISOString().slice(0, 16);
}

export function fromInput(value) {
	const when = new Date(value);

	return value && isTime(when) ? when.toISOString().replace(/\.\d+Z$/, "Z") : undefined;
}
