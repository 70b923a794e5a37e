#!/usr/bin/env bash
# keystore-ouc-ctl's commands and options are those of its manual and of its completion, which
# offers what a daemon has, too.
# shellcheck disable=SC2034 # what the function under test reads
set -uo pipefail
top=$1
page=$top/docs/man/keystore-ouc-ctl.1
failures=0

# What bash-completion brings, as far as it is needed.
_init_completion()
{
	words=("${COMP_WORDS[@]}")
	cword=$COMP_CWORD
	cur=${words[cword]}
	prev=${words[cword - 1]}
}
_filedir() { COMPREPLY=(a-file); }
# shellcheck source=/dev/null
. "$top/packaging/completion/keystore-ouc-ctl"

# The program, and what it would say of a daemon.
program()
{
	case $* in
	*--help) ./keystore-ouc-ctl --help ;;
	'--socket /s --json list')
		echo '{"connections":[{"name":"Send","id":1},{"name":"Both","id":2}],"blocks":["Out","In"]}'
		;;
	'--socket /s --json show Send') echo '{"name":"Send","sends":"Out","receives":null}' ;;
	'--socket /s --json get Out')
		echo '{"block":"Out","fields":[{"name":"Var1","type":"Array[0..1] of Bool"},{"name":"Var2"}],"values":{"Var1":[true,false],"Var2":"\"name\":\"X\""}}'
		;;
	*) return 1 ;;
	esac
}

expect() # OFFER... -- WORD...: what is offered for the last word, no more and no less
{
	local offers=() offered wanted
	while [[ $1 != -- ]]; do
		offers+=("$1")
		shift
	done
	shift
	COMP_WORDS=(program "$@")
	COMP_CWORD=$#
	COMPREPLY=()
	_keystore_ouc_ctl
	offered=$(printf '%s\n' "${COMPREPLY[@]}" | sort)
	wanted=$(printf '%s\n' "${offers[@]}" | sort)
	[[ $offered == "$wanted" ]] && return
	echo "keystore-ouc-ctl $*<TAB>: ${offered//$'\n'/ }, not ${wanted//$'\n'/ }"
	((++failures))
}

mapfile -t commands < <(sed -nE 's/^\t\{"([a-z]+)", ".*/\1/p' "$top/frontends/ouc/ctl/main.c")
mapfile -t options < <(sed -nE 's/^\t\{"([a-z]+)", (no|required)_argument.*/--\1/p' \
	"$top/frontends/ouc/ctl/main.c")
mapfile -t told < <(sed -nE 's/^\.It Ic ([a-z]+).*/\1/p' "$page")
mapfile -t told_options < <(sed -nE 's/^\.It Fl -([a-z]+).*/--\1/p' "$page")
if [[ ${commands[*]} != "${told[*]}" ]]; then
	echo "keystore-ouc-ctl(1) has ${told[*]}, the program ${commands[*]}"
	((++failures))
fi
if [[ ${options[*]} != "${told_options[*]}" ]]; then
	echo "keystore-ouc-ctl(1) has ${told_options[*]}, the program ${options[*]}"
	((++failures))
fi
expect "${commands[@]}" -- ''
expect "${options[@]}" -- -
expect "${options[@]}" -- send Send --
expect a-file -- --socket ''
expect Send Both -- --socket /s show ''
expect Send Both -- --socket /s --json watch ''
expect Out In -- --socket /s get ''
expect Out -- --socket /s set O
expect Var1= Var2= -- --socket /s set Out ''
expect Var1= Var2= -- --socket /s send Send --wait Var
expect '' -- --socket /s send Send Var1=

# Statuses are the header's, and the daemon's manual has each.
while read -r status; do
	grep -q "^\.It Li $status\$" "$top/docs/man/keystore-ouc.8" && continue
	echo "keystore-ouc(8) lacks status $status"
	((++failures))
done < <(sed -nE 's/.* 0x([0-9A-F]{4}),.*/\1/p; s/^\t\t0x([0-9A-F]{4}),.*/\1/p' \
	"$top/frontends/ouc/status.h")

echo "${#commands[@]} commands, ${#options[@]} options, $failures failures"
[[ ${#commands[@]} -ge 6 && ${#options[@]} -ge 5 && $failures -eq 0 ]]
