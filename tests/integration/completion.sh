#!/usr/bin/env bash
# The completion offers each command, its options, and what the service has.
# shellcheck disable=SC2034 # what the function under test reads
set -uo pipefail
top=$1
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
. "$top/packaging/completion/keystorectl"

complete_of() # WORD...: the last one is being typed
{
	COMP_WORDS=(./keystorectl "$@")
	COMP_CWORD=$#
	COMPREPLY=()
	_keystorectl
}

expect() # OFFER... -- WORD...
{
	local offer offers=()
	while [[ $1 != -- ]]; do
		offers+=("$1")
		shift
	done
	shift
	complete_of "$@"
	for offer in "${offers[@]}"; do
		[[ " ${COMPREPLY[*]} " == *" $offer "* ]] && continue
		echo "keystorectl $*<TAB>: ${COMPREPLY[*]}, without $offer"
		((++failures))
	done
}

expect key cert crl sign status -- ''
expect create list show export renew -- cert ''
expect --subject --san --profile --self-signed --json -- cert create --
expect web-server ca -- cert create --profile ''
expect --algorithm -- key create plc-1 --
expect a-file -- cert check ''
expect a-file -- sign plc-1 --in ''
expect a-file -- doctor ''
expect a-file -- doctor cert.pem ''
expect a-file -- doctor --config ''
expect root -- doctor --user roo

# Each command that the program names can be completed, and each of its options.
./keystorectl --help >/dev/null || exit 1
count=0
while read -r first second; do
	if [[ $second ]]; then expect "$second" -- "$first" ''; else expect "$first" -- ''; fi
	mapfile -t options < <(./keystorectl "$first" ${second:+"$second"} --help |
		sed -nE 's/^  (--[a-z0-9-]+).*/\1/p')
	# shellcheck disable=SC2086 # one or two words
	expect "${options[@]}" -- $first $second --
	((count += ${#options[@]}))
done < <(_keystorectl_commands ./keystorectl)
echo "$count options of commands, $failures failures"
[[ $count -gt 100 && $failures -eq 0 ]]
