/*
 * Tables. makeTable() shows many rows (10,000 and more): only those in sight are there. It scrolls
 * with the page; the heads stay. Where it is narrow, rows are cards.
 *
 *   const table = makeTable({
 *           label: "Certificates", key: (row) => row.id, sort: { by: "id", down: false },
 *           href: (row) => link(…)      or  onOpen: (row) => …     what a row leads to; may be absent
 *           columns: [{ by: "name", head: "Name", value: (row) => row.name,   sorted and searched by it
 *                       cell: (row) => node or text (absent: value), priority: 1..4 (1 goes last),
 *                       card: "title" | "side" | "meta" | null, width: "12rem", number: true, main: true }],
 *           empty: () => node           what stands there without rows
 *   });
 *   table.setRows(rows); table.setFilter(text, (row) => true); table.select(key); table.element
 *   table.redraw()  when what cells show has changed, and the rows have not
 *   table.onShown = (shown, all) => …   how many the filter leaves
 *   table.sorter  a <select>, for where there are no heads
 *
 * smallTable({ label, heads, rows }) shows a few, each an array of nodes and texts.
 */
import { h, hidden, replace, unique } from "./dom.js";
import { icon } from "./icons.js";

const ROW_PX = 40;
const CARD_PX = 76;
const SPARE_ROWS = 12;
const NARROW = matchMedia("(max-width: 699px)");
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

function compare(a, b) {
	if (typeof a === "number" && typeof b === "number")
		return a - b;
	return collator.compare(a ?? "", b ?? "");
}

/* What one types finds all words, in any column. */
function matcher(columns, text) {
	const words = text.toLowerCase().split(/\s+/).filter(Boolean);

	if (!words.length)
		return () => true;
	return (row) => {
		const all = columns.map((column) => column.search?.(row) ?? column.value(row) ?? "").join(" ").toLowerCase();

		return words.every((word) => all.includes(word));
	};
}

export function makeTable({ label, columns, key, href, onOpen, sort, empty }) {
	const id = unique("table");
	const top = h("tbody.table-gap", { "aria-hidden": "true" }, h("tr", {}, h("td")));
	const bottom = top.cloneNode(true);
	const body = h("tbody", { role: "rowgroup" });
	const heads = new Map();
	const table = h("table.table", { id, role: "table", "aria-label": label },
			h("thead", { role: "rowgroup" }, h("tr", { role: "row", "aria-rowindex": "1" }, columns.map(head))),
			top, body, bottom);
	const nothing = h("div.table-nothing", { hidden: true });
	const element = h("div.table-box", {}, table, nothing);
	const sorter = h("select.sorter", { "aria-label": "Sort by", onchange: () => {
		const [by, down] = sorter.value.split(" ");

		sortBy(by, down === "down");
	} }, columns.filter((column) => column.head).flatMap((column) => [
		h("option", { value: `${column.by} up` }, `${column.head} ↑`),
		h("option", { value: `${column.by} down` }, `${column.head} ↓`),
	]));
	let all = [];
	let rows = [];
	let order = { ...sort };
	let text = "";
	let extra = () => true;
	let chosen = null;
	let active = 0; /* the row that Tab leads to */
	let drawn = new Map();
	let isPlanned = false;
	const self = { element, sorter, setRows, setFilter, select, redraw, onShown: null, get rows() {
		return rows;
	} };

	function head(column) {
		const cell = h(`th.priority-${column.priority ?? 1}`, { scope: "col", role: "columnheader", style: column.width ? { width: column.width } : null,
			class: column.number ? "number" : null },
			column.head ? h("button.sort", { type: "button", onclick: () =>
				sortBy(column.by, order.by === column.by ? !order.down : false) },
				column.head, icon("up", 14)) : hidden("Actions"));

		heads.set(column.by, cell);
		return cell;
	}

	function sortBy(by, down) {
		order = { by, down };
		arrange();
	}

	function arrange() {
		const column = columns.find((candidate) => candidate.by === order.by) ?? columns[0];
		const isMatch = matcher(columns, text);
		const sign = order.down ? -1 : 1;

		for (const [by, cell] of heads) {
			if (by === order.by)
				cell.setAttribute("aria-sort", order.down ? "descending" : "ascending");
			else
				cell.removeAttribute("aria-sort");
		}
		sorter.value = `${order.by} ${order.down ? "down" : "up"}`;
		rows = all.filter((row) => extra(row) && isMatch(row))
			.map((row) => ({ row, by: column.value(row) }))
			.sort((a, b) => sign * compare(a.by, b.by) || compare(key(a.row), key(b.row)))
			.map(({ row }) => row);
		active = Math.max(0, chosen === null ? Math.min(active, rows.length - 1)
						     : rows.findIndex((row) => String(key(row)) === String(chosen)));
		table.setAttribute("aria-rowcount", rows.length + 1);
		nothing.hidden = rows.length > 0;
		table.hidden = rows.length === 0;
		if (!rows.length)
			replace(nothing, all.length ? noMatch() : empty?.());
		const focused = body.contains(document.activeElement) ? document.activeElement.closest("tr").row : null;

		draw();
		if (focused && !body.contains(document.activeElement))
			refocus(key(focused));
		self.onShown?.(rows.length, all.length);
	}

	function noMatch() {
		return h("div.empty", {}, icon("search", 32), h("h2", {}, "Nothing matches"),
			 h("p", {}, "Change the filter, or clear it to see everything."));
	}

	function rowElement(row, at) {
		const isChosen = String(key(row)) === String(chosen);
		const line = h("tr", { role: "row", "aria-rowindex": at + 2, class: isChosen ? "is-chosen" : null, dataset: { at } },
			columns.map((column) => {
				let content = column.cell ? column.cell(row) : column.value(row);

				if (column.main && href)
					content = h("a.row-link", { href: href(row), tabindex: at === active ? "0" : "-1",
								    "aria-current": isChosen ? "true" : null }, content);
				else if (column.main && onOpen)
					content = h("button.row-link", { type: "button", tabindex: at === active ? "0" : "-1",
									 onclick: () => onOpen(row) }, content);
				return h(`td.priority-${column.priority ?? 1}`, { role: "cell",
					class: [column.number ? "number" : "", column.card ? `card-${column.card}` : "card-none"].join(" "),
					title: typeof content === "string" || typeof content === "number" ? String(content) : null }, content);
			}));

		line.row = row;
		return line;
	}

	/* The row that had the focus was drawn anew, or has moved. */
	function refocus(value) {
		const line = [...drawn.values()].find((candidate) => key(candidate.row) === value);

		line?.querySelector(".row-link")?.focus({ preventScroll: true });
	}

	function draw() {
		const height = NARROW.matches ? CARD_PX : ROW_PX;

		isPlanned = false;
		if (!rows.length || !element.isConnected || element.offsetParent === null)
			return;
		const start = table.getBoundingClientRect().top + (NARROW.matches ? 0 : ROW_PX);
		const from = Math.max(0, Math.floor(-start / height) - SPARE_ROWS);
		const to = Math.min(rows.length, Math.ceil((innerHeight - start) / height) + SPARE_ROWS);
		const next = new Map();
		let place = body.firstChild;

		table.style.setProperty("--row-height", `${height}px`);
		for (let at = from; at < to; at++) {
			const old = drawn.get(at);
			const line = old?.row === rows[at] ? old : rowElement(rows[at], at);

			next.set(at, line);
			/* Only what is new is put in, so that the focus stays where it is. */
			while (place && place !== line && Number(place.dataset.at) <= at)
				place = drop(place);
			if (place === line)
				place = place.nextSibling;
			else
				body.insertBefore(line, place);
		}
		while (place)
			place = drop(place);
		drawn = next;
		for (const [at, line] of drawn)
			line.querySelector(".row-link")?.setAttribute("tabindex", at === active ? "0" : "-1");
		gap(top, from * height);
		gap(bottom, Math.max(0, rows.length - to) * height);
	}

	function drop(line) {
		const next = line.nextSibling;

		line.remove();
		return next;
	}

	function gap(part, px) {
		part.hidden = px === 0;
		part.firstChild.firstChild.style.height = `${px}px`;
	}

	function plan() {
		if (isPlanned)
			return;
		isPlanned = true;
		requestAnimationFrame(draw);
	}

	function show(at) {
		const height = NARROW.matches ? CARD_PX : ROW_PX;
		const start = table.getBoundingClientRect().top + (NARROW.matches ? 0 : ROW_PX);
		const y = start + at * height;
		const free = ROW_PX * 2;

		if (y < free)
			scrollBy(0, y - free);
		else if (y + height > innerHeight - 8)
			scrollBy(0, y + height - innerHeight + 8);
		draw();
	}

	function moveTo(at) {
		body.querySelector(".row-link[tabindex='0']")?.setAttribute("tabindex", "-1");
		active = Math.max(0, Math.min(rows.length - 1, at));
		show(active);
		const target = drawn.get(active)?.querySelector(".row-link");

		target?.setAttribute("tabindex", "0");
		target?.focus({ preventScroll: true });
	}

	body.addEventListener("keydown", (event) => {
		if (!event.target.classList.contains("row-link"))
			return;
		const at = Number(event.target.closest("tr").dataset.at);
		const page = Math.max(1, Math.floor(innerHeight / ROW_PX) - 4);
		const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1,
			     PageDown: at + page, PageUp: at - page }[event.key];

		if (to === undefined || event.altKey || event.ctrlKey || event.metaKey)
			return;
		event.preventDefault();
		moveTo(to);
	});
	/* The whole row is a target, as wide as it looks. */
	body.addEventListener("click", (event) => {
		if (event.target.closest("a, button, input, select, label") || String(getSelection()))
			return;
		event.target.closest("tr")?.querySelector(".row-link")?.click();
	});

	function setRows(next) {
		all = next;
		arrange();
	}

	/* What cells show has changed, though the rows are the same. */
	function redraw() {
		drawn.clear();
		body.replaceChildren();
		arrange();
	}

	function setFilter(nextText, nextExtra = extra) {
		text = nextText;
		extra = nextExtra;
		arrange();
	}

	function select(value) {
		chosen = value;
		for (const [at, line] of drawn) {
			const isChosen = String(key(rows[at])) === String(chosen);

			line.classList.toggle("is-chosen", isChosen);
			if (isChosen)
				line.querySelector(".row-link")?.setAttribute("aria-current", "true");
			else
				line.querySelector(".row-link")?.removeAttribute("aria-current");
		}
	}

	/* Its own listeners end when it is gone. */
	const watcher = new ResizeObserver(plan);
	const onScroll = () => {
		if (element.isConnected)
			plan();
		else
			stop();
	};
	const onNarrow = () => element.isConnected && redraw();
	const stop = () => {
		removeEventListener("scroll", onScroll);
		removeEventListener("resize", onScroll);
		NARROW.removeEventListener("change", onNarrow);
		watcher.disconnect();
	};

	watcher.observe(element);
	addEventListener("scroll", onScroll, { passive: true });
	addEventListener("resize", onScroll, { passive: true });
	NARROW.addEventListener("change", onNarrow);
	arrange();
	return self;
}

export function smallTable({ label, heads, rows }) {
	return h("div.table-scroll", { tabindex: "0", role: "region", "aria-label": label },
		 h("table.table.table-small", { "aria-label": label },
		   h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
		   h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell) => h("td", {}, cell)))))));
}

/* The search box of a table; its text is filtered for as one types. */
export function filterBox({ label = "Filter", onInput }) {
	const input = h("input", { type: "search", placeholder: label, "aria-label": label, autocomplete: "off",
				   spellcheck: "false", oninput: () => onInput(input.value) });

	return h("div.filter-box", {}, icon("search", 18), input);
}
