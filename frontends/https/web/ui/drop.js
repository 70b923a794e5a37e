/*
 * Files from people.
 *
 *   const field = fileField({ label: "File", accept: ".pem,.cer", member: "file", max: bytes, onFile(file) });
 *       a form field (form.js): field.file, await field.base64(); takes a file that is dropped on it
 *   dropZone(element, { hint: "Drop to import", onFile(file), signal })
 *       the whole element takes files that are dropped on it
 */
import { base64 } from "../api.js";
import { h, unique } from "./dom.js";
import { wrapField } from "./form.js";
import { icon } from "./icons.js";

const FILE_MAX = 256 * 1024; /* what the device takes of certificates */

async function readBase64(file, max) {
	if (file.size > max)
		throw new Error(`${file.name} is too large: up to ${max / 1024} KiB are taken.`);
	return base64(new Uint8Array(await file.arrayBuffer()));
}

const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

function onDrop(element, { onFile, onOver, signal }) {
	let depth = 0;
	const over = (by) => (event) => {
		if (!hasFiles(event))
			return;
		event.preventDefault();
		depth = Math.max(0, depth + by);
		onOver(depth > 0);
	};

	element.addEventListener("dragenter", over(1), { signal });
	element.addEventListener("dragleave", over(-1), { signal });
	element.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault(), { signal });
	element.addEventListener("drop", (event) => {
		if (!hasFiles(event))
			return;
		event.preventDefault();
		event.stopPropagation();
		depth = 0;
		onOver(false);
		if (event.dataTransfer.files[0])
			onFile(event.dataTransfer.files[0]);
	}, { signal });
}

export function dropZone(element, { hint, onFile, signal }) {
	const cover = h("div.drop-cover", { hidden: true }, icon("upload", 32), h("p", {}, hint));

	document.body.append(cover);
	signal?.addEventListener("abort", () => cover.remove(), { once: true });
	onDrop(element, { onFile, signal, onOver: (isOver) => {
		cover.hidden = !isOver;
	} });
}

export function fileField({ label, hint, accept, member, required = true, file = null, max = FILE_MAX, onFile }) {
	const name = h("span.file-name", {}, file?.name ?? "No file chosen");
	const input = h("input.visually-hidden", { type: "file", accept, id: unique("file"),
						   onchange: () => input.files[0] && take(input.files[0]) });
	const box = h("div.file-box", {}, input,
		      h("label.button", { for: input.id }, icon("file"), "Choose a file…"), name);
	const field = wrapField({ label, hint, control: input, member, required });
	let chosen = file;
	const take = (next) => {
		chosen = next;
		name.textContent = next.name;
		field.setError(null);
		onFile?.(next);
	};

	input.replaceWith(box);
	box.prepend(input);
	input.required = false;
	onDrop(box, { onFile: take, onOver: (isOver) => box.classList.toggle("is-over", isOver) });
	Object.defineProperty(field, "file", { get: () => chosen });
	field.base64 = async () => {
		if (!chosen) {
			field.setError("Choose a file first.");
			throw Object.assign(new Error("Choose a file first."), { member });
		}
		return readBase64(chosen, max);
	};
	return field;
}
