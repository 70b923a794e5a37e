/* Process data of a real keystore-ouc: watched, written, and gone for a while. */
import assert from "node:assert/strict";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { check, dir, expected, keystorectl, makeAdministrator, makeUser, order, play, sh, shot, step, visit } from "./site.mjs";

const ELEMENTS = 150;

/* One that nobody has. */
function freePort() {
	return new Promise((done) => {
		const server = net.createServer().listen(0, "127.0.0.1", () => {
			const { port } = server.address();

			server.close(() => done(port));
		});
	});
}

/* What it sends to itself it receives. */
const configuration = (port) => `
[block Line]
Running = Bool
Level = Int
Pattern = Word
Pressure = Real
Text = String[20]
Values = Array[1..${ELEMENTS}] of Int
[block Send_Data]
Var1 = Bool
Var2 = String
[block Received_Data]
Var1 = Bool
Var2 = String
[Receive]
Type = TCON_IP_V4_SEC
ID = 1
ConnectionType = 11
ActiveEstablished = FALSE
LocalPort = ${port}
TRCV_C = Received_Data
ActivateSecureConn = FALSE
[Send]
Type = TCON_IP_V4_SEC
ID = 2
ConnectionType = 11
ActiveEstablished = TRUE
RemoteAddress = 127.0.0.1
RemotePort = ${port}
TSEND_C = Send_Data
ActivateSecureConn = FALSE
`;

function ouc(words) {
	return sh(`keystore-ouc-ctl --socket run/control.sock ${words}`);
}

play(async () => {
	makeAdministrator();
	keystorectl("role set looker --rights read-process-data,view");
	makeUser("lena", "looker");
	fs.writeFileSync(path.join(dir, "ouc.conf"), configuration(await freePort()));
	const { page } = await visit({ user: "admin", at: "#/data" });
	const blocks = page.getByRole("navigation", { name: "Data blocks" });
	const value = (name, of = page) => of.locator("table.watch tr").filter({ has: of.getByRole("rowheader", { name, exact: true }) }).locator("td.value");

	await page.evaluate(() => {
		globalThis.isTheSame = true;
	});

	await step("keystore-ouc starts, and its blocks are there", async () => {
		await page.getByRole("heading", { name: "No data blocks" }).waitFor();
		await order("ouc start");
		await blocks.getByRole("link", { name: "Line" }).click();
		await page.getByRole("heading", { name: "Line", level: 2 }).waitFor();
		await value("Level").getByText("0", { exact: true }).waitFor();
	});

	await step("what keystore-ouc changes is shown as it changes", async () => {
		ouc("set Line Level=-42 Running=TRUE Pattern=16#BEEF Pressure=2.5 'Text=Grüße <b>'");
		await value("Level").getByText("-42").waitFor();
		await value("Running").getByText("TRUE").waitFor();
		await value("Pattern").getByText("16#BEEF").waitFor();
		await value("Pressure").getByText("2.5").waitFor();
		await value("Text").getByText("Grüße <b>").waitFor();
		await shot(page, "watch");
	});

	await step("and what a partner sends, which nobody else may write", async () => {
		await blocks.getByRole("link", { name: "Received_Data" }).click();
		await page.getByText("TRCV_C of connection Receive receives into it").waitFor();
		ouc("send Send Var1=TRUE 'Var2=Hello World!' --wait");
		await value("Var2").getByText("Hello World!").waitFor();
		assert.equal(await page.getByRole("button", { name: /^Write / }).count(), 0);
		await shot(page, "received");
		await blocks.getByRole("link", { name: "Line" }).click();
		await value("Level").getByText("-42").waitFor();
	});

	await step("a value is written, and one of an array", async () => {
		await page.getByRole("button", { name: "Write Level" }).click();
		await page.getByLabel("New value of Level").fill("1234");
		await page.keyboard.press("Enter");
		await value("Level").getByText("1234").waitFor();
		assert.match(ouc("get Line"), /^Level\b.* 1234$/m);
		await page.getByRole("button", { name: "Write Running" }).click();
		await page.getByLabel("New value of Running").selectOption("FALSE");
		await page.getByRole("button", { name: "Write", exact: true }).click();
		await value("Running").getByText("FALSE").waitFor();
		await page.getByRole("button", { name: "Values" }).click();
		await page.getByRole("button", { name: "Show more elements" }).click();
		await page.getByRole("button", { name: `Write Values[${ELEMENTS}]` }).click();
		await page.getByLabel(`New value of Values[${ELEMENTS}]`).fill("77");
		await page.keyboard.press("Enter");
		await value(`Values[${ELEMENTS}]`).getByText("77").waitFor();
		assert.match(ouc("get Line"), /^Values.* 77$/m);
		await page.getByRole("button", { name: "Values", exact: true }).click();
	});

	await step("a wrong value is refused with its sentence, as one types and by the device", async () => {
		const input = page.getByLabel("New value of Level");

		await page.getByRole("button", { name: "Write Level" }).click();
		await input.fill("40000");
		await page.getByText("An Int takes -32768 to 32767.").waitFor();
		await page.getByRole("button", { name: "Write", exact: true }).click();
		assert.ok(await input.isVisible());
		await shot(page, "wrong");
		await check(page, { tab: false });
		await input.press("Escape");
		await input.waitFor({ state: "detached" });
		/* What comes by while one types takes nothing away. */
		await page.getByRole("button", { name: "Write Text" }).click();
		const text = page.getByLabel("New value of Text");

		await text.fill("half a");
		ouc("set Line Level=5");
		await value("Level").getByText("5", { exact: true }).waitFor();
		assert.equal(await text.inputValue(), "half a");
		await text.press("Escape");
		expected(page, /status of 400/);
		await page.route("**/api/v1/data/Line", (route) => route.continue({ postData: JSON.stringify({ values: { Level: "40000" } }) }), { times: 1 });
		await page.getByRole("button", { name: "Write Level" }).click();
		await input.fill("6");
		await page.keyboard.press("Enter");
		await page.getByText("Level is an Int: -32768 to 32767, not 40000").waitFor();
		await input.press("Escape");
		assert.match(ouc("get Line"), /^Level\b.* 5$/m);
	});

	await step("who may not write sees the values, and no editor", async () => {
		const lena = await visit({ user: "lena", at: "#/data/Line" });

		await value("Level", lena.page).getByText("5", { exact: true }).waitFor();
		await lena.page.getByText("Your roles may read process data, and not write it.").waitFor();
		assert.equal(await lena.page.getByRole("button", { name: /^Write / }).count(), 0);
		ouc("set Line Level=8");
		await value("Level", lena.page).getByText("8", { exact: true }).waitFor();
		await shot(lena.page, "looker");
		await lena.context.close();
	});

	await step("keystore-ouc is killed: its last values stay, and are said to be that", async () => {
		await order("ouc kill");
		await page.getByText("the keystore-ouc that wrote them has ended").waitFor();
		await blocks.getByRole("link", { name: /^Line.*has ended/ }).waitFor();
		await value("Level").getByText("8", { exact: true }).waitFor();
		assert.equal(await page.getByRole("button", { name: /^Write / }).count(), 0);
		await shot(page, "ended");
		await check(page);
	});

	await step("and back: the values go on, and can be written, without a reload", async () => {
		await order("ouc start");
		await page.getByRole("button", { name: "Write Level" }).waitFor();
		await blocks.getByRole("link", { name: /^Line.*local/ }).waitFor();
		ouc("set Line Level=9");
		await value("Level").getByText("9", { exact: true }).waitFor();
		assert.ok(await page.evaluate(() => globalThis.isTheSame));
	});
});
