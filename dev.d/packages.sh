# shellcheck shell=bash
# Debian packages: what packaging/dev-packages names and this machine lacks.

package_is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Prints the missing lines' choices ("a|b"), one per line.
packages_missing() {
	local line choices choice
	while read -r line; do
		line=${line%%#*}
		choices=${line%%[[:space:]]*}
		[ -n "$choices" ] || continue
		for choice in ${choices//|/ }; do
			if package_is_installed "$choice"; then continue 2; fi
		done
		echo "$choices"
	done <packaging/dev-packages
}

packages_install() {
	local missing as_root=() names=() choices choice
	command -v dpkg-query >/dev/null || return 0 # not Debian: CMake says what is missing
	missing=$(packages_missing)
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null || die "these packages are missing, and there is no sudo:" \
			"${missing//$'\n'/ }"
		as_root=(sudo)
	fi
	say "Installing what is missing:" "${missing//$'\n'/ }"
	# A machine that was just started may be updating itself: wait for it.
	"${as_root[@]}" apt-get -o DPkg::Lock::Timeout=300 update
	for choices in $missing; do
		for choice in ${choices//|/ }; do
			if apt-cache show "$choice" >/dev/null 2>&1; then
				names+=("$choice")
				continue 2
			fi
		done
		die "no package source of this machine has $choices"
	done
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${names[@]}"
}
