# shellcheck shell=bash
# A TPM (swtpm) and keystored in a directory, for hand use.

# Whether the process of a pid file lives and is the program we started.
is_running() { # PIDFILE PROGRAM
	local pid
	pid=$(cat "$1" 2>/dev/null) && [ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ]
}

# wait_until SECONDS COMMAND...: polls.
wait_until() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.05
	done
}

# A Unix socket's path has 107 bytes: a deep DIR gets a short name beside it.
short_name_of() { # DIR
	local dir=$1 link
	if [ ${#dir} -le 80 ]; then
		echo "$dir"
	elif [ -s "$dir/short-name" ] && [ "$(readlink "$(cat "$dir/short-name")")" = "$dir" ]; then
		cat "$dir/short-name"
	else
		link=$(mktemp -d /tmp/keystored.XXXXXX)
		chmod 755 "$link"
		ln -s "$dir" "$link/d"
		echo "$link/d" | tee "$dir/short-name"
	fi
}

start() { # NAME PROGRAM ARGUMENT...: in the background, in a session of its own
	local name=$1
	shift
	setsid "$@" >>"$name.log" 2>&1 </dev/null &
	echo $! >"$name.pid"
}

stop() { # NAME PROGRAM: SIGTERM, and waits
	local pid
	if is_running "$1.pid" "$2"; then
		pid=$(cat "$1.pid")
		kill -TERM "$pid"
		wait_until 15 eval "! is_running '$1.pid' '$2'" || {
			echo "$2 (pid $pid) does not stop within 15 s: killing it" >&2
			kill -KILL "$pid"
		}
		echo "$2 stopped"
	fi
	rm -f "$1.pid"
}

# swtpm_setup as an ordinary user wants its configuration in the user's home.
tpm_make() { # DIR
	local config=$1/setup
	mkdir -p "$1" "$config"
	(
		[ "$(id -u)" = 0 ] || export XDG_CONFIG_HOME=$config
		[ "$(id -u)" = 0 ] || swtpm_setup --create-config-files skip-if-exist
		swtpm_setup --tpm2 --tpmstate "$1" --create-ek-cert --pcr-banks sha256 --overwrite
	) >"$1/setup.log" 2>&1 || {
		cat "$1/setup.log" >&2
		die "swtpm_setup failed"
	}
}

service_up() {
	local dir='' chip='' short
	while [ $# -gt 0 ]; do
		case $1 in
		--chip)
			[ $# -ge 2 ] || die "--chip wants a profile: slb9670 slb9672 st33ktpm2x npct650"
			chip=$2
			shift
			;;
		-*) die "up does not know $1" ;;
		*) dir=$1 ;;
		esac
		shift
	done
	[ -n "$dir" ] || die "up wants a directory"
	[[ $dir = /* ]] || dir=$invoked_from/$dir
	mkdir -p "$dir"
	dir=$(cd "$dir" && pwd -P)
	short=$(short_name_of "$dir")
	(
		cd "$dir" || exit
		if is_running keystored.pid keystored; then
			echo "It is running already."
			exit
		fi
		service_start "$short" "$chip"
	)
	service_explain "$dir" "$short"
}

service_start() { # SHORT CHIP; in DIR
	local short=$1 chip=$2 tpm=$1/tpm.sock
	if [ ! -s tpm/tpm2-00.permall ]; then
		echo "Making a TPM with an EK certificate in $PWD/tpm"
		tpm_make tpm
	fi
	[ -z "$chip" ] || tpm=$short/swtpm.sock
	if ! is_running swtpm.pid swtpm; then
		rm -f "$tpm" "$tpm.ctrl"
		start swtpm swtpm socket --tpm2 --tpmstate dir=tpm --server type=unixio,path="$tpm" \
			--ctrl type=unixio,path="$tpm.ctrl" --flags not-need-init,startup-clear
		wait_until 10 test -S "$tpm.ctrl" || fail_to_start swtpm
	fi
	if [ -n "$chip" ]; then
		start tpm-proxy "$bin/tpm-proxy" --listen "$short/tpm.sock" --tpm "$tpm" --chip "$chip" \
			--control "$short/proxy.sock" --counts "$PWD/tpm-commands.json"
		wait_until 10 test -S proxy.sock || fail_to_start tpm-proxy
	fi
	start keystored "$bin/keystored" --foreground --state "$PWD/state" \
		--socket "$short/keystored.sock" --tcti "swtpm:path=$short/tpm.sock"
	# Its first answer: with a chip's latency the primary key alone takes seconds.
	wait_until 60 service_answers "$short/keystored.sock" || fail_to_start keystored
}

service_answers() { # SOCKET
	is_running keystored.pid keystored || fail_to_start keystored
	"$bin/keystorectl" --socket "$1" --json status 2>/dev/null | grep -q '"ready"'
}

fail_to_start() {
	tail -n 20 "$1.log" >&2
	die "$1 did not start: $PWD/$1.log"
}

service_explain() { # DIR SHORT
	cat <<END

keystored is running.
  socket   $2/keystored.sock
  state    $1/state
  log      $1/keystored.log
  TPM      swtpm:path=$2/tpm.sock   (swtpm, state in $1/tpm)

Use it from another shell:
  export PATH=$bin:\$PATH KEYSTORE_SOCKET=$2/keystored.sock
  keystorectl status

Stop it:
  ./dev down $1
END
}

service_down() {
	local dir=${1:-}
	[ -n "$dir" ] || die "down wants a directory"
	[[ $dir = /* ]] || dir=$invoked_from/$dir
	[ -d "$dir" ] || die "there is no directory $dir"
	demo_ouc_down "$dir"
	cd "$dir" || exit
	stop keystore-opcua keystore-opcua
	stop keystore-https keystore-https
	stop keystore-ouc keystore-ouc
	stop keystored keystored
	stop tpm-proxy tpm-proxy
	stop swtpm swtpm
	if [ -s short-name ]; then
		rm -f "$(cat short-name)"
		rmdir "$(dirname "$(cat short-name)")" 2>/dev/null || :
		rm -f short-name
	fi
	echo "Nothing of $dir is running."
}
