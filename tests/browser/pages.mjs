/* Every page, narrow and wide, light and dark: fit for screen readers and keyboards, no wider than the window. */
import fs from "node:fs";
import path from "node:path";
import { check, dir, go, keystorectl, makeAdministrator, makeUser, order, play, shot, step, visit } from "./site.mjs";

const SIZES = [{ width: 360, height: 780 }, { width: 1920, height: 1080 }];
const PAGES = ["certs/device", "certs/authorities", "certs/trusted", "certs/device/3", "certs/authorities/1", "services", "trust", "trust/https", "keys",
	       "diagnostics", "data", "data/Line", "users", "users/roles", "users/logins", "audit", "account", "roots"];

play(async () => {
	makeAdministrator();
	makeUser("bert", "operator");
	keystorectl("cert create --profile opcua-server --issuer 1 --new-key plc-1 --algorithm rsa-2048 --subject CN=plc-1,O=Plant --san URI:urn:plant:plc-1,DNS:plc-1.plant");
	fs.writeFileSync(path.join(dir, "ouc.conf"), "[block Line]\nRunning = Bool\nPattern = Word\nText = String[200]\nValues = Array[0..99] of Real\n[block Other]\nLevel = Int\n");
	await order("ouc start");

	for (const size of SIZES) {
		const { page, context } = await visit({ user: "admin", ...size });

		for (const theme of ["light", "dark"]) {
			await page.emulateMedia({ colorScheme: theme });
			for (const at of PAGES)
				await step(`${at}, ${size.width} px, ${theme}`, async () => {
					await go(page, `#/${at}`);
					/* By Tab the colours make no difference. */
					await check(page, { tab: theme === "light" });
					await shot(page, `${at.replaceAll("/", "-")}-${size.width}-${theme}`);
				});
		}
		await context.close();
	}
});
