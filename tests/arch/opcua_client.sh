#!/usr/bin/env bash
# keystore-opcua-client's commands and options are those of its manual and of its completion.
# shellcheck disable=SC2034 # what the function under test reads
set -uo pipefail
top=$1
page=$top/docs/man/keystore-opcua-client.1
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
. "$top/packaging/completion/keystore-opcua-client"

expect() # OFFER... -- WORD...: what is offered for the last word, no more and no less
{
	local offers=() offered wanted
	while [[ $1 != -- ]]; do
		offers+=("$1")
		shift
	done
	shift
	COMP_WORDS=(./keystore-opcua-client "$@")
	COMP_CWORD=$#
	COMPREPLY=()
	_keystore_opcua_client
	offered=$(printf '%s\n' "${COMPREPLY[@]}" | sort)
	wanted=$(printf '%s\n' "${offers[@]}" | sort)
	[[ $offered == "$wanted" ]] && return
	echo "keystore-opcua-client $*<TAB>: ${offered//$'\n'/ }, not ${wanted//$'\n'/ }"
	((++failures))
}

same() # WHAT LEFT RIGHT
{
	[[ $2 == "$3" ]] && return
	echo "$1: keystore-opcua-client(1) has $2, the program $3"
	((++failures))
}

commands=$(_keystore_opcua_client_commands ./keystore-opcua-client | sort)
told=$(sed -nE 's/^\.It Ic ([a-z]+( [a-z]+)*).*/\1/p' "$page" | sort)
same commands "$told" "$commands"
options=$({
	while read -r command; do
		# shellcheck disable=SC2086 # its words
		_keystore_opcua_client_options ./keystore-opcua-client $command
	done <<<"$commands"
} | sort -u)
told=$(sed -nE 's/^\.It Fl -([a-z-]+).*/--\1/p' "$page" | sort -u)
same options "$told" "$options"
codes=$(sed -nE 's/^\tEXIT_[A-Z_]+ = ([0-9]+),.*/\1/p' "$top/frontends/opcua/client/program.h")
told=$(sed -nE '/EXIT STATUS/,/EXAMPLES/s/^\.It ([0-9]+)/\1/p' "$page")
same 'exit codes' "$told" "$codes"

expect browse call discover endpoints push read subscribe write -- ''
expect apply cancel certificates csr rejected status trust update -- push ''
expect get set add remove -- push trust ''
expect trust -- --url opc.tcp://x push t
expect a-file -- push update ''
expect Sign SignAndEncrypt -- read --mode S
expect --count -- subscribe i=1 --cou
expect '' -- read ''

count=$(wc -l <<<"$commands")
echo "$count commands, $(wc -l <<<"$options") options, $failures failures"
[[ $count -ge 18 && $failures -eq 0 ]]
