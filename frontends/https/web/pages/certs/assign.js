/* A certificate for a service, from the certificate's side. */
import { api, part } from "../../api.js";
import { openDialog } from "../../ui/dialog.js";
import { h } from "../../ui/dom.js";
import { makeForm, selectField } from "../../ui/form.js";
import { toast } from "../../ui/toast.js";
import { nameOf } from "./words.js";

export async function openAssign(cert, store) {
	const services = await api.all("/services", "services", { passive: true, next: (service) => service.name });
	const choice = selectField({ label: "Service", member: "cert_id", options: services.map((service) => ({
		value: service.name,
		text: service.cert_id ? `${service.name} – now ${service.common_name || `certificate ${service.cert_id}`}` : service.name,
	})) });
	const form = makeForm({
		fields: [h("p", {}, "The service changes over to this certificate at once, without a restart, and its user may use the key."), choice],
		submit: "Assign",
		onSubmit: async () => {
			const service = await api.patch(part`/services/${choice.value}`, { body: { cert_id: cert.id } });

			dialog.close();
			store.put(cert);
			toast(`${service.name} uses ${nameOf(cert)}.`);
		},
		onCancel: () => dialog.close(),
	});
	const dialog = openDialog({ title: `Assign ${nameOf(cert)}`, body: form.element, isBusy: form.isBusy });
}
