/*
 * Lists as files that the browser itself makes.
 *
 *   csv([{ head: "Time", value: (row) => row.time }, …], rows)     RFC 4180, for spreadsheets
 *   saveText(text, "audit.csv", "text/csv")
 */
import { save } from "../api.js";

/* A spreadsheet would run what begins so: what others wrote must stay text. */
const FORMULA = /^[=+\-@\t\r]/;

function cell(value) {
	if (typeof value === "number")
		return String(value);
	const text = String(value ?? "");

	return `"${(FORMULA.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
}

export function csv(columns, rows) {
	const lines = [columns.map((column) => cell(column.head)), ...rows.map((row) => columns.map((column) => cell(column.value(row))))];

	/* With the mark by which spreadsheets know UTF-8. */
	return `\ufeff${lines.map((line) => line.join(",")).join("\r\n")}\r\n`;
}

export function saveText(text, name, type) {
	save(new Blob([text], { type: `${type};charset=utf-8` }), name);
}
