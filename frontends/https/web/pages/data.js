/* Process data: the blocks of keystore-ouc, watched live, and written where that is allowed. */
import { api, part } from "../api.js";
import { live } from "../live.js";
import { link } from "../router.js";
import { session } from "../session.js";
import { badge } from "../ui/badge.js";
import { h, replace, say, unique } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { empty, pageHead, resource } from "../ui/page.js";
import { parseType, problemOf, shown, takes } from "../ui/s7.js";

const ELEMENTS_SHOWN = 100;
const PREVIEW_ELEMENTS = 6;
const POLL_MS = 3000;
const moments = new Intl.DateTimeFormat(undefined, {
	hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23",
});
const days = new Intl.DateTimeFormat(undefined, {
	year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit",
});

function moment(when) {
	const at = new Date(when);

	return (Date.now() - at < 12 * 3600000 ? moments : days).format(at);
}

function role(block) {
	if (!block.has_owner)
		return badge("keystore-ouc has ended", "bad");
	if (block.received_by)
		return badge(`received by ${block.received_by}`, "info");
	return block.sent_by ? badge(`sent by ${block.sent_by}`, "plain") : badge("local", "plain");
}

/* The input for one value. done(text) writes it, and throws what the device says. */
function editor({ name, type, value, done, cancel }) {
	const errorId = unique("error");
	const error = h("p.value-error", { id: errorId, role: "alert" });
	const label = `New value of ${name}`;
	const isBool = type.name === "Bool";
	const input = isBool
		? h("select", { "aria-label": label, "aria-describedby": errorId }, h("option", {}, "TRUE"), h("option", {}, "FALSE"))
		: h("input", { "aria-label": label, "aria-describedby": errorId, autocomplete: "off", spellcheck: "false",
			       title: takes(type) });
	const write = h("button.primary.small", { type: "submit" }, "Write");
	const check = () => {
		const problem = problemOf(type, input.value);

		error.textContent = problem ?? "";
		input.toggleAttribute("aria-invalid", problem !== null);
		return problem === null;
	};
	const form = h("form.value-editor", {
		novalidate: true,
		onsubmit: async (event) => {
			event.preventDefault();
			if (!check() || write.hasAttribute("aria-busy"))
				return;
			write.setAttribute("aria-busy", "true");
			try {
				await done(input.value);
			} catch (problem) {
				error.textContent = problem.message;
				input.focus();
			}
			write.removeAttribute("aria-busy");
		},
		onkeydown: (event) => {
			if (event.key !== "Escape")
				return;
			event.preventDefault();
			cancel();
		},
	}, input, write, h("button.small", { type: "button", onclick: cancel }, "Cancel"), error);

	/* The other value is what one comes for. */
	input.value = isBool ? (value ? "FALSE" : "TRUE") : String(value ?? "");
	input.addEventListener("input", check);
	return { form, input };
}

/* A line of the watch table: a field, or an element of an array. */
function valueLine({ name, place, type, write, isElement }) {
	const text = h("span.value-text", {});
	const more = h("span.value-note", {});
	const changed = h("td.value-changed", { role: "cell" }, "–");
	const edit = write ? h("button.quiet.icon-only.small", { type: "button", "aria-label": `Write ${name}`, title: "Write a value",
								   onclick: open }, icon("edit", 16)) : null;
	const cell = h("td.value", { role: "cell" }, h("span.value-shown", {}, text, more, edit));
	const element = h(`tr${isElement ? ".is-element" : ""}`, { role: "row" },
			  h("th.value-name", { scope: "row", role: "rowheader" }, name),
			  h("td.value-place", { role: "cell" }, place), h("td.value-type", { role: "cell" }, isElement ? "" : typeText(type)),
			  cell, changed);
	let value;
	let isKnown = false;

	function typeText({ name: kind, max }) {
		return kind === "String" ? `String[${max}]` : kind;
	}

	function close() {
		cell.querySelector(".value-editor")?.remove();
		cell.firstChild.hidden = false;
		edit.focus();
	}

	function open() {
		const { form, input } = editor({ name, type, value, cancel: close, done: async (next) => {
			await write(name, next);
			close();
			say(`${name} is written.`);
		} });

		cell.firstChild.hidden = true;
		cell.append(form);
		input.focus();
		input.select?.();
	}

	return {
		element,
		set(next, when) {
			if (isKnown && Object.is(next, value))
				return;
			if (isKnown) {
				changed.textContent = when ? moment(when) : "";
				cell.classList.remove("is-changed");
				/* So that the mark begins anew. */
				void cell.offsetWidth;
				cell.classList.add("is-changed");
			}
			value = next;
			isKnown = true;
			text.textContent = type.name === "String" || type.name === "Char" ? String(next) : shown(type, next);
			text.classList.toggle("is-true", next === true);
			more.textContent = typeof next === "number" && text.textContent.startsWith("16#") ? String(next) : "";
		},
	};
}

/* An array is one line, and its elements below it once it is opened. */
function arrayLines({ name, place, type, text, write }) {
	const preview = h("span.value-text", {});
	const toggle = h("button.quiet.value-toggle", { type: "button", "aria-expanded": "false", onclick: () => setOpen(!isOpen) },
			 icon("right", 16), name);
	const element = h("tr", { role: "row" }, h("th.value-name", { scope: "row", role: "rowheader" }, toggle),
			  h("td.value-place", { role: "cell" }, place), h("td.value-type", { role: "cell" }, text),
			  h("td.value", { role: "cell" }, preview), h("td.value-changed", { role: "cell" }));
	const more = h("tr.is-element", { role: "row" }, h("td", { colspan: 5, role: "cell" },
		       h("button.small", { type: "button", onclick: () => grow() }, "Show more elements")));
	let lines = [];
	let values = [];
	let isOpen = false;
	let last = null;

	function setOpen(next) {
		isOpen = next;
		toggle.setAttribute("aria-expanded", String(isOpen));
		if (isOpen)
			return grow();
		for (const line of lines)
			line.element.remove();
		more.remove();
		lines = [];
	}

	function grow() {
		const from = lines.length;
		const to = Math.min(values.length, from + ELEMENTS_SHOWN);

		for (let i = from; i < to; i++) {
			const line = valueLine({ name: `${name}[${type.array.first + i}]`, place: "", type, write, isElement: true });

			line.set(values[i], null);
			(lines.at(-1)?.element ?? element).after(line.element);
			lines.push(line);
		}
		more.remove();
		if (to < values.length)
			lines.at(-1).element.after(more);
	}

	return {
		element,
		set(next, when) {
			values = Array.isArray(next) ? next : [];
			last = when;
			preview.textContent = values.slice(0, PREVIEW_ELEMENTS).map((value) => shown(type, value)).join("  ") +
				(values.length > PREVIEW_ELEMENTS ? "  …" : "");
			lines.forEach((line, i) => line.set(values[i], last));
		},
	};
}

function watchTable(block, { canWrite, onWritten }) {
	const write = canWrite ? async (name, text) =>
		onWritten(await api.patch(part`/data/${block.name}`, { body: { values: { [name]: text } } })) : null;
	const lines = block.fields.map(({ name, place, type: text }) => {
		const type = parseType(text);

		return { name, ...(type.array ? arrayLines : valueLine)({ name, place, type, text, write }) };
	});
	const element = h("div.card.watch-box", {}, h("table.watch", { role: "table", "aria-label": `Values of ${block.name}` },
		h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, [["Name", "value-name"], ["Place", "value-place"], ["Type", "value-type"], ["Value", "value"], ["Changed", "value-changed"]]
			.map(([head, column]) => h(`th.${column}`, { scope: "col", role: "columnheader" }, head)))),
		h("tbody", { role: "rowgroup" }, lines.map((line) => line.element))));

	return {
		element,
		layout: block.fields.map(({ name, type }) => `${name}:${type}`).join(),
		set(next) {
			const values = new Map(next.fields.map((field) => [field.name, field.value]));

			for (const line of lines)
				line.set(values.get(line.name), next.time);
		},
	};
}

function whyNot(block) {
	if (!block.has_owner)
		return "These are the last values: the keystore-ouc that wrote them has ended. Start it, and they go on.";
	if (block.received_by)
		return `A partner writes this block: TRCV_C of connection ${block.received_by} receives into it.`;
	return session.may("write-process-data") ? null : "Your roles may read process data, and not write it.";
}

/* What the lists say of a block. */
function roleOf(block) {
	return [block.has_owner, block.received_by, block.sent_by].join();
}

function blockView(page, name) {
	const count = h("dd", {});
	const when = h("dd", {});
	const pulse = h("span.pulse", { "aria-hidden": "true" });
	let table = null;
	let state = "";

	function show(block) {
		/* Another owner may have made it anew, with other fields. */
		if (!table || state !== roleOf(block) || table.layout !== block.fields.map((field) => `${field.name}:${field.type}`).join())
			return false;
		count.textContent = block.changes.toLocaleString();
		when.textContent = block.time ? moment(block.time) : "not yet";
		table.set(block);
		return true;
	}

	function make(block) {
		const why = whyNot(block);

		state = roleOf(block);
		table = watchTable(block, { canWrite: why === null, onWritten: show });
		show(block);
		return [
			h("div.block-head", {}, h("h2", { tabindex: "-1" }, block.name), role(block), block.has_owner ? pulse : null),
			h("dl.facts.block-facts", {}, [["Last change", when], ["Changes since its start", count], ["Size", h("dd", {}, `${block.bytes} bytes`)]]
				.map(([title, value]) => h("div", {}, h("dt", {}, title), value))),
			why ? h(`p.note${block.has_owner ? "" : ".note-warn"}`, {}, why) : null,
			table.element,
		];
	}

	const content = resource(page, (options) => api.get(part`/data/${name}`, options), make);

	live.blocks([name], { signal: page.signal });
	live.on(["data"], (hint) => {
		if (hint.topic === "missed" || !hint.fields)
			content.reload();
		else if (hint.name === name && !show(hint))
			content.reload();
	}, { signal: page.signal });
	return content.element;
}

function blockList(blocks, chosen) {
	return h("nav.block-list", { "aria-label": "Data blocks" }, h("ul", {}, blocks.map((block) =>
		h("li", {}, h("a.block-link", { href: link("data", block.name), "aria-current": block.name === chosen ? "true" : null },
			      h("b", {}, block.name), role(block))))));
}

function noBlocks() {
	return empty({ symbol: "data", title: "No data blocks",
		       text: "keystore-ouc has none, or does not run. Name blocks in its configuration (keystore-ouc.conf), and start it; they appear here." });
}

/* What cannot be read hides nothing else. */
function unreadable(problems) {
	return problems.length
		? h("div.note.note-warn", {}, h("ul.plain", { "aria-label": "Blocks that cannot be read" },
						problems.map(({ file, detail }) => h("li", {}, h("b", {}, file), `: ${detail}`))))
		: null;
}

export function mount(page) {
	const side = h("div.blocks-side", {});
	const main = h("div.blocks-main", { "aria-live": "off" });
	const body = h("div.blocks", {}, side, main);
	let inner = null;
	let blocks = [];
	let chosen = page.path[0] ?? null;
	let last = null; /* what is shown of them */

	function open(name) {
		inner?.abort();
		inner = new AbortController();
		page.signal.addEventListener("abort", () => inner.abort(), { once: true, signal: inner.signal });
		chosen = name;
		replace(side, blockList(blocks, chosen));
		body.classList.toggle("has-chosen", page.path.length > 0);
		page.title(name);
		replace(main, h("a.back", { href: link("data") }, icon("left", 16), "All blocks"),
			blockView({ ...page, signal: inner.signal }, name));
	}

	function pick([name]) {
		page.path = name ? [name] : [];
		body.classList.toggle("has-chosen", Boolean(name));
		if (name && name !== chosen)
			open(name);
		else if (!name && blocks.length)
			open(blocks[0].name);
	}

	const told = (answer) => JSON.stringify([answer.problems, answer.blocks.map((block) => [block.name, roleOf(block)])]);
	const ask = (options) => api.get("/data", options);
	const content = resource(page, ask, (answer) => {
		blocks = answer.blocks;
		last = told(answer);
		if (!blocks.length) {
			inner?.abort();
			inner = null;
			return [unreadable(answer.problems), noBlocks()];
		}
		replace(side, blockList(blocks, chosen));
		if (!inner)
			open(chosen ?? blocks[0].name);
		return [unreadable(answer.problems), body];
	});

	/* No event tells that keystore-ouc has come or gone, except to whom watches one of its blocks. */
	async function refresh() {
		if (document.hidden || last === null)
			return;
		try {
			if (told(await ask({ passive: true, signal: page.signal })) !== last)
				content.reload();
		} catch {
			/* The banner says it. */
		}
	}

	const timer = setInterval(refresh, POLL_MS);

	page.signal.addEventListener("abort", () => clearInterval(timer), { once: true });

	page.onPath(pick);
	live.on(["missed"], () => content.reload(), { signal: page.signal });
	return h("div.data", {},
		 pageHead("Process data", { lead: "What controllers and this gateway exchange, as keystore-ouc has it now." }),
		 content.element);
}
