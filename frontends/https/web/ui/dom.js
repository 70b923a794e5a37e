/*
 * Elements. Text becomes text nodes and nothing else: there is no way to markup from data here.
 *
 *   h("button.primary", { type: "button", onclick: save }, "Save")
 *   h("p", {}, "valid for ", h("b", {}, days), " days")
 *
 * Children: nodes, texts, numbers, arrays of these; null, undefined and false are left out.
 * Attributes: on… are listeners, true is there without a value, null and false are not there;
 * value, checked, selected and disabled are properties; style is an object (the CSSOM).
 */
const PROPERTIES = new Set(["value", "checked", "selected", "disabled", "indeterminate", "open"]);
const SVG = "http://www.w3.org/2000/svg";
let ids = 0;

export function unique(prefix = "id") {
	return `${prefix}-${++ids}`;
}

function set(element, name, value) {
	if (value === null || value === undefined)
		return;
	if (name.startsWith("on"))
		element.addEventListener(name.slice(2), value);
	else if (name === "class")
		element.classList.add(...value.split(" ").filter(Boolean));
	else if (name === "style")
		for (const [property, text] of Object.entries(value))
			element.style.setProperty(property, text);
	else if (name === "dataset")
		Object.assign(element.dataset, value);
	else if (PROPERTIES.has(name) && name in element)
		element[name] = value;
	else if (value !== false)
		element.setAttribute(name, value === true ? "" : value);
}

export function append(element, ...children) {
	for (const child of children.flat(Infinity)) {
		if (child === null || child === undefined || child === false)
			continue;
		element.append(child instanceof Node ? child : String(child));
	}
	return element;
}

export function h(selector, attributes = {}, ...children) {
	const [tag, ...classes] = selector.split(".");
	const element = document.createElement(tag || "div");

	if (classes.length)
		element.classList.add(...classes);
	/* A <select> has its value only once its options are there. */
	append(element, ...children);
	for (const [name, value] of Object.entries(attributes ?? {}))
		set(element, name, value);
	return element;
}

/* The same for SVG: s("path", { d: "M0 0" }). */
export function s(tag, attributes = {}, ...children) {
	const element = document.createElementNS(SVG, tag);

	for (const [name, value] of Object.entries(attributes))
		if (value !== null && value !== undefined && value !== false)
			element.setAttribute(name, value);
	return append(element, ...children);
}

export function replace(element, ...children) {
	element.replaceChildren();
	return append(element, ...children);
}

/* Text for screen readers only. */
export function hidden(text) {
	return h("span.visually-hidden", {}, text);
}

/* Says something to screen readers without moving the focus. */
export function say(text) {
	const region = document.getElementById("said");

	region.textContent = "";
	requestAnimationFrame(() => {
		region.textContent = text;
	});
}

/* Calls fn once, ms after the last call; .cancel() if one waits. */
export function debounce(fn, ms) {
	let timer = 0;
	const later = (...args) => {
		clearTimeout(timer);
		timer = setTimeout(fn, ms, ...args);
	};

	later.cancel = () => clearTimeout(timer);
	return later;
}
