/* Before the first paint, so that a remembered choice does not flash. A classic script: modules wait. */
(() => {
	let theme = null;

	try {
		theme = localStorage.getItem("theme");
	} catch {
		/* Storage is switched off: the system's choice then. */
	}
	if (theme === "light" || theme === "dark")
		document.documentElement.dataset.theme = theme;
})();
