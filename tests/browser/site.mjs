/*
 * What a browser test is made of. Hides the browser, its profile and certificates, and the gateway's
 * processes (main.c).
 *
 *   play(async () => { … })            runs the test; a failure leaves screenshots/NAME-failure.png
 *   const { page } = await visit({ user: "admin", at: "#/users", width: 360, theme: "dark" })
 *   keystorectl("cert list --json"), sh("…"), await order("keystored kill")
 *   expected(page, /401/)               what would otherwise fail the test: a console's error, a
 *                                       request that failed
 *   shot(page, "users"), check(page)    a screenshot; axe, the width, and that Tab comes everywhere
 *
 * Waiting is Playwright's, for what a person would wait for, within WAIT_MS.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(`${process.env.SITE_PACKAGES}/`);
const { chromium } = require("playwright-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const url = process.env.SITE_URL;
export const dir = process.env.SITE_DIR;
export const WAIT_MS = 20000;
export const PASSWORD = "seven green turbines";
const TEST_MS = 400000;
const TABS_MAX = 400;
const shots = process.env.SITE_SHOTS;
const name = path.basename(process.argv[1], ".mjs");

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
	       "--disable-component-update", "--disable-sync"];

const open = new Set();
const troubles = [];
const allowed = new WeakMap();
let homes = 0;
let profiles = 0;

export function sh(script, options = {}) {
	return execFileSync("sh", ["-ec", script], { cwd: dir, encoding: "utf8", stdio: ["pipe", "pipe", "pipe"], maxBuffer: 1 << 28, ...options });
}

export function keystorectl(words) {
	return sh(`keystorectl ${words}`);
}

export function keystorectlJson(words) {
	return JSON.parse(keystorectl(`${words} --json`));
}

/* What only main.c can do, see there. */
export function order(line) {
	return new Promise((done, fail) => {
		const socket = net.connect(process.env.SITE_ORDERS, () => socket.write(`${line}\n`));

		socket.on("data", () => {
			socket.end();
			done();
		});
		socket.on("error", fail);
	});
}

/* The first administrator, whom keystorectl then works as too. */
export function makeAdministrator() {
	fs.writeFileSync(path.join(dir, "password"), `${PASSWORD}\n`, { mode: 0o600 });
	keystorectl("user create admin --roles administrator --password-file password");
	keystorectl("login admin --password-file password");
}

export function makeUser(user, roles, more = "") {
	keystorectl(`user create ${user} --roles ${roles} --password-file password ${more}`);
}

/* A home of its own for a browser: what it trusts is in there. */
export function makeHome({ trusts = path.join(dir, "ca.pem") } = {}) {
	const home = path.join(dir, `home-${++homes}`);
	const base = path.join(home, ".pki/nssdb");

	fs.mkdirSync(base, { recursive: true });
	sh(`certutil -d sql:${base} -N --empty-password`);
	if (trusts)
		trust(home, trusts);
	return home;
}

/* As a person adds it in the browser's settings. */
export function trust(home, file) {
	sh(`certutil -d sql:${home}/.pki/nssdb -A -t C,, -n site -i "${file}"`);
}

function watch(page) {
	const note = (what) => troubles.push({ page, what });

	allowed.set(page, []);
	page.setDefaultTimeout(WAIT_MS);
	page.on("console", (message) => {
		if (["error", "warning"].includes(message.type()))
			note(`console: ${message.text()} ${message.location().url ?? ""}`);
	});
	page.on("pageerror", (error) => note(`script: ${error.stack}`));
	page.on("requestfailed", (request) => {
		/* A page that goes takes its requests along. */
		if (request.failure()?.errorText !== "net::ERR_ABORTED")
			note(`request: ${request.method()} ${request.url()} ${request.failure()?.errorText}`);
	});
}

export function expected(page, ...patterns) {
	allowed.get(page).push(...patterns);
}

export async function launch({ home = makeHome(), width = 1280, height = 900, theme = "light", ...more } = {}) {
	const context = await chromium.launchPersistentContext(path.join(home, `profile-${++profiles}`), {
		executablePath: "/usr/bin/chromium", args: FLAGS, headless: true, viewport: { width, height }, colorScheme: theme,
		locale: "en-GB", timezoneId: "Europe/Berlin", env: { ...process.env, HOME: home }, ...more,
	});
	const page = context.pages()[0] ?? await context.newPage();

	open.add(context);
	context.on("close", () => open.delete(context));
	context.on("page", watch);
	watch(page);
	return { context, page, home };
}

export async function login(page, user, password = PASSWORD) {
	await page.getByLabel("User", { exact: true }).fill(user);
	await page.getByLabel("Password", { exact: true }).fill(password);
	await page.getByRole("button", { name: "Log in" }).click();
}

/* A browser at a page, logged in if a user is given. */
export async function visit({ user, at = "", ...options } = {}) {
	const browser = await launch(options);

	await browser.page.goto(`${url}/${at}`);
	if (user) {
		await login(browser.page, user);
		/* Where it is narrow, it is in the menu. */
		await browser.page.locator(".account").waitFor({ state: "attached" });
		await go(browser.page, at);
	}
	return browser;
}

export async function go(page, at) {
	await page.evaluate((hash) => {
		location.hash = hash;
	}, at || "#/");
	await page.locator("h1").waitFor();
	await settled(page);
}

/* What was asked for is there. */
export async function settled(page) {
	await page.locator("main .skeleton").first().waitFor({ state: "detached" });
	await page.evaluate(() => document.fonts.ready);
}

export async function shot(page, as) {
	fs.mkdirSync(shots, { recursive: true });
	await page.screenshot({ path: path.join(shots, `${name}-${as}.png`), animations: "disabled" });
}

async function findings(page) {
	const session = await page.context().newCDPSession(page);

	/* By the debugger: the page's policy allows no script of others. */
	await session.send("Runtime.evaluate", { expression: axe });
	const { result, exceptionDetails } = await session.send("Runtime.evaluate", {
		awaitPromise: true, returnByValue: true,
		expression: `axe.run(document, { resultTypes: ["violations"] }).then((found) => found.violations.map((violation) =>
			({ impact: violation.impact, id: violation.id, nodes: violation.nodes.slice(0, 5).map((node) => node.target.join(" ") + ": " + node.failureSummary) })))`,
	});

	assert.equal(exceptionDetails, undefined);
	await session.detach();
	return result.value.filter((finding) => ["serious", "critical"].includes(finding.impact));
}

/* What can be used, and Tab never came to. */
async function unreached(page) {
	await page.evaluate(() => {
		document.activeElement?.blur();
		getSelection().removeAllRanges();
		globalThis.reached = new Set();
	});
	for (let i = 0; i < TABS_MAX; i++) {
		await page.keyboard.press("Tab");
		const isOver = await page.evaluate(() => {
			const now = document.activeElement;
			const [first] = globalThis.reached;

			/* After the last it is the browser's turn, and then the first's again. */
			if (now !== document.body)
				globalThis.reached.add(now);
			return now === first && globalThis.reached.size > 1;
		});

		if (isOver)
			break;
	}
	return page.evaluate(() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")]
		.filter((element) => element.checkVisibility({ visibilityProperty: true }) && element.tabIndex >= 0 && !element.disabled)
		/* Of radio buttons Tab comes to the chosen one. */
		.filter((element) => element.type !== "radio" || element.checked)
		.filter((element) => !globalThis.reached.has(element))
		.map((element) => element.outerHTML.slice(0, 200)));
}

export async function check(page, { tab = true } = {}) {
	const where = page.url();

	assert.deepEqual(await findings(page), [], `axe, ${where}`);
	assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth),
		  `${where} scrolls to the side at ${page.viewportSize().width} px`);
	if (tab)
		assert.deepEqual(await unreached(page), [], `Tab does not come to these, ${where}`);
}

export async function download(page, act) {
	const [file] = await Promise.all([page.waitForEvent("download", { timeout: WAIT_MS }), act()]);
	const at = path.join(dir, `download-${file.suggestedFilename()}`);

	await file.saveAs(at);
	return at;
}

function unexpected() {
	return troubles.filter(({ page, what }) => !allowed.get(page).some((pattern) => pattern.test(what))).map(({ what }) => what);
}

export async function play(test) {
	const late = setTimeout(() => fail(new Error(`not done within ${TEST_MS / 1000} s`)), TEST_MS);

	async function fail(error) {
		console.error(error);
		for (const [i, context] of [...open].entries())
			for (const page of context.pages())
				await shot(page, `failure${i || ""}`).catch(() => {});
		if (unexpected().length)
			console.error("besides:", unexpected());
		process.exit(1);
	}

	try {
		await test();
		assert.deepEqual(unexpected(), []);
		clearTimeout(late);
		await Promise.all([...open].map((context) => context.close()));
	} catch (error) {
		await fail(error);
	}
}

/* A step of a test, told as it is done. */
export async function step(text, run) {
	await run();
	console.log(`  ${text}`);
}
