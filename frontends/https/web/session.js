/*
 * Who is logged in. Hides the idle time: each request that is not passive begins it anew, and the
 * device counts too, so that it is asked before anything is said.
 *
 *   session.user (null: nobody), session.roles, session.may("manage-certs")
 *   session.events: "change" (another user, or none), "ending" (detail.seconds left), "kept"
 */
import { api, news, onStaleToken, setCsrf } from "./api.js";

const WARNING_S = 60;
const NOBODY = { user: null, roles: [], rights: [] };

let state = NOBODY;
let idleEnd = Infinity;
let lifeEnd = Infinity;
let timer = 0;
let isWarned = false;

const events = new EventTarget();
const seconds = () => performance.now() / 1000;

function schedule() {
	clearTimeout(timer);
	if (state.user === null)
		return;
	const left = Math.min(idleEnd, lifeEnd) - seconds();

	/* A device's clock and a browser's timers are not that exact: never sooner than in a second. */
	if (Number.isFinite(left))
		timer = setTimeout(ask, Math.max(1, left - WARNING_S) * 1000);
}

async function ask() {
	try {
		take(await api.get("/session", { passive: true }));
	} catch {
		timer = setTimeout(ask, 5000);
		return;
	}
	const left = Math.min(idleEnd, lifeEnd) - seconds();

	if (state.user === null || left > WARNING_S + 1)
		return;
	isWarned = true;
	events.dispatchEvent(new CustomEvent("ending", {
		detail: { seconds: Math.max(0, Math.round(left)), canGoOn: idleEnd < lifeEnd },
	}));
	clearTimeout(timer);
	timer = setTimeout(ask, Math.max(1, left + 0.5) * 1000);
}

function take(next) {
	const was = state.user;

	/* Who must choose a password first is nobody yet. */
	state = next?.user && !next.must_change ? { ...NOBODY, ...next } : NOBODY;
	setCsrf(next?.csrf);
	idleEnd = seconds() + (state.idle_left_seconds ?? state.idle_seconds ?? Infinity);
	lifeEnd = seconds() + (state.life_left_seconds ?? Infinity);
	schedule();
	if (was !== state.user)
		events.dispatchEvent(new Event("change"));
}

news.addEventListener("active", () => {
	if (state.user === null || !state.idle_seconds)
		return;
	idleEnd = seconds() + state.idle_seconds;
	schedule();
	if (isWarned) {
		isWarned = false;
		events.dispatchEvent(new Event("kept"));
	}
});
news.addEventListener("login", () => take(null));
onStaleToken(async () => {
	const was = state.user;

	take(await api.get("/session", { passive: true }));
	return state.user === was;
});

export const session = {
	events,
	get user() {
		return state.user;
	},
	get roles() {
		return state.roles;
	},
	may(right) {
		return !right || state.rights.includes(right);
	},
	async load() {
		take(await api.get("/session", { passive: true }));
	},
	/* False: the password must be changed first. */
	async login(user, password) {
		const next = await api.post("/session", { body: { user, password }, isEntry: true });

		take(next);
		return !next.must_change;
	},
	async changePassword(user, oldPassword, newPassword) {
		await api.post("/password", {
			body: { user, old_password: oldPassword, new_password: newPassword }, isEntry: true,
		});
	},
	/* An active request is what the device counts; this one costs it least. */
	async keep() {
		await api.get("/profiles");
	},
	async logout() {
		try {
			await api.remove("/session");
		} finally {
			take(null);
		}
	},
};
