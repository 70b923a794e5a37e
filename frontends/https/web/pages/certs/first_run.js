/* What to do where there is no CA yet. */
import { api } from "../../api.js";
import { openDialog } from "../../ui/dialog.js";
import { h } from "../../ui/dom.js";
import { makeForm, textField } from "../../ui/form.js";
import { icon } from "../../ui/icons.js";
import { toast } from "../../ui/toast.js";

const escape = (text) => text.trim().replace(/([\\,+"<>;=])/g, "\\$1").replace(/^#/, "\\#");

function openProject(store) {
	const name = textField({ label: "Name of the plant or project", required: true, member: "rsa_subject", maxlength: 48, hint: "The CAs are called after it, as in “Plant North CA RSA”." });
	const organization = textField({ label: "Organization", maxlength: 64 });
	const years = textField({ label: "Valid for, in years", type: "number", min: 1, max: 30, value: 13, required: true, member: "days" });
	const subject = (kind) => `CN=${escape(`${name.value.trim()} CA ${kind}`)}${organization.value.trim() ? `,O=${escape(organization.value)}` : ""}`;
	const form = makeForm({
		fields: [h("p", {}, "Makes two CAs with keys in the TPM: RSA 2048, which older controllers understand, and P-256, which is faster."), name, organization, years],
		submit: "Make the CAs",
		onSubmit: async () => {
			const { certs } = await api.post("/project", { body: {
				rsa_subject: subject("RSA"), ec_subject: subject("EC"), days: Math.round(Number(years.value) * 365.25),
			} });

			dialog.close();
			store.put(...certs);
			toast("The project’s two CAs are made. Give their certificates to partners and browsers.");
		},
		onCancel: () => dialog.close(),
	});
	const dialog = openDialog({ title: "Make this project’s CAs", body: form.element, isBusy: form.isBusy });
}

export function firstRun(store) {
	return h("section.card.first-run", { "aria-label": "First steps" },
		 h("div", {}, h("h2", {}, "This device has no CA yet"),
		   h("p.lead", {}, "A CA of its own signs the certificates of this device and its partners, so that one root certificate is all that they must trust. Where the company has a CA, import its certificate instead, and create device certificates with “A CA elsewhere”.")),
		 h("div.actions", {},
		   h("button.primary", { type: "button", onclick: () => openProject(store) }, icon("plus"), "Make the CAs")));
}
