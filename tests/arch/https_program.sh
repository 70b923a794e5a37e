#!/usr/bin/env bash
# keystore-https's options are those of its manual and of its completion, and what its manual says of
# limits is what the code has.
# shellcheck disable=SC2034 # what the function under test reads
set -uo pipefail
top=$1
page=$top/docs/man/keystore-https.8
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
. "$top/packaging/completion/keystore-https"

same() # WHAT IT OTHER
{
	[[ $2 == "$3" ]] && return
	echo "$1: $2, not $3"
	((++failures))
}

complete_of() # WORD...: what is offered for the last one
{
	COMP_WORDS=(./keystore-https "$@")
	COMP_CWORD=$#
	COMPREPLY=()
	_keystore_https
	echo "${COMPREPLY[*]}"
}

constant() # NAME FILE: a number, in KiB where it is given so
{
	sed -nE "s/^#define $1[[:space:]]+\(?([0-9]+).*/\1/p" "$top/frontends/https/$2"
}

options=$(sed -nE 's/^\t\{"([a-z]+)", (no|required)_argument.*/--\1/p' \
	"$top/frontends/https/main.c" | xargs)
same "keystore-https(8)" "$(sed -nE 's/^\.It Fl -([a-z]+).*/--\1/p' "$page" | xargs)" "$options"
same "keystore-https --<TAB>" "$(complete_of --)" "$options"
same "keystore-https --che<TAB>" "$(complete_of --che)" --check
for option in --config --check --socket; do
	same "keystore-https $option <TAB>" "$(complete_of "$option" '')" a-file
done

has() # TEXT
{
	grep -qF -- "$1" "$page" && return
	echo "keystore-https(8) lacks \"$1\""
	((++failures))
}

has "A target of $(constant HTTP_PATH_MAX http.h) bytes, headers of $(constant HTTP_HEADERS_MAX http.h) KiB"
has "JSON $(constant API_DEPTH_MAX api.h) deep"
has "$(constant API_CALLS_MAX api.h) are under way"
has "$(constant FEEDS_MAX site.c) readers"
has "leaves $(constant HTTP_OUTPUT_MAX http.h) KiB unread"
while read -r header; do has "$header"; done < <(sed -nE 's/^\t\{"([A-Z][A-Za-z-]+)",.*/\1/p' \
	"$top/frontends/https/http_response.c")

echo "$(wc -w <<<"$options") options, $failures failures"
[[ $(wc -w <<<"$options") -ge 5 && $failures -eq 0 ]]
