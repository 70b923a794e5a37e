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
			if package_is_installed "${choice%:*}"; then continue 2; fi
			if [[ $choice == *:* ]] && command -v "${choice#*:}" >/dev/null; then
				continue 2
			fi
		done
		echo "$choices"
	done <packaging/dev-packages
}

release_of_this() { # like bookworm
	sed -n 's/^VERSION_CODENAME=//p' /etc/os-release
}

# Where apt has the packages of a release of Debian from.
release_source() { # RELEASE
	# shellcheck disable=SC2016 # apt-get expands it
	apt-get indextargets --format '$(REPO_URI)' "Created-By: Packages" "Origin: Debian" \
		"Codename: $1" "Component: main" | head -n 1
}

# Adds RELEASE to apt's sources for this run of ./dev, from where the machine has its own release;
# what is configured in /etc stays as it is. PACKAGES alone may come from there: the others are
# pinned so low that none is installed or upgraded.
release_add() { # RELEASE PACKAGES; adds to apt_options
	local dir=$top/build/apt source
	source=$(release_source "$(release_of_this)")
	[ -n "$source" ] || die "apt's sources don't say where this machine has Debian from"
	rm -rf "$dir"
	mkdir -p "$dir/sources" "$dir/preferences"
	find /etc/apt/sources.list.d -type f -exec cp -t "$dir/sources" {} +
	find /etc/apt/preferences.d -type f -exec cp -t "$dir/preferences" {} +
	[ -n "$(release_source "$1")" ] || echo "deb $source $1 main" >"$dir/sources/keystored.list"
	printf 'Package: %s\nPin: release n=%s\nPin-Priority: %s\n\n' "$2" "$1" 100 '*' "$1" -10 \
		>"$dir/preferences/keystored"
	apt_options+=(-o "Dir::Etc::SourceParts=$dir/sources"
		-o "Dir::Etc::PreferencesParts=$dir/preferences" -o Acquire::Languages=none)
}

# What root runs: "$@" with no package starting a service, now (policy-rc.d says so to what starts
# them) or at the next boot. A policy that the machine has stays; one that a killed run left goes.
install_quietly=$(
	cat <<'END'
policy=/usr/sbin/policy-rc.d
mark="# ./dev of keystored is installing"
if [ ! -e "$policy" ] || grep -qxF "$mark" "$policy"; then
	trap 'rm -f "$policy"' EXIT
	trap 'exit 1' HUP INT TERM
	printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
	chmod 755 "$policy"
fi
"$@" || exit
for name in $NEW_PACKAGES; do # the services have their packages' names
	if command -v systemctl >/dev/null && [ -e "/usr/lib/systemd/system/$name.service" ]; then
		systemctl --quiet disable "$name"
	elif [ -e "/etc/init.d/$name" ]; then
		update-rc.d "$name" disable 2>/dev/null
	fi
done
END
)

packages_install() {
	local missing as_root=() names=() choices choice apt_options
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
	apt_options=(-o DPkg::Lock::Timeout=300)
	"${as_root[@]}" apt-get "${apt_options[@]}" update
	if [[ $missing == *libopen62541* && $(release_of_this) == bookworm ]]; then
		release_add trixie "libopen62541* libmbedcrypto16 libmbedx509-7"
		"${as_root[@]}" apt-get "${apt_options[@]}" update
	fi
	for choices in $missing; do
		for choice in ${choices//|/ }; do
			choice=${choice%:*}
			# What merely is in a source may be pinned away.
			if apt-cache "${apt_options[@]}" policy "$choice" 2>/dev/null |
				grep 'Candidate: [^(]' >/dev/null; then
				names+=("$choice")
				continue 2
			fi
		done
		die "no package source of this machine has $choices"
	done
	# One such run at a time, or the first takes the second's policy away.
	"${as_root[@]}" flock --close /usr/sbin \
		env DEBIAN_FRONTEND=noninteractive "NEW_PACKAGES=${names[*]}" \
		sh -c "$install_quietly" sh apt-get "${apt_options[@]}" \
		install -y --no-install-recommends "${names[@]}"
}
