# shellcheck shell=bash
# For tests/arch: that a program's options are those of its manual and of its completion, and that
# what the manual says of limits is what the code has. Needs $top, $program and $sources.
top=${top:?} program=${program:?} sources=${sources:?}
failures=0
page=$top/docs/man/$program.8

# What bash-completion brings, as far as it is needed.
_init_completion()
{
	# shellcheck disable=SC2034 # what the function under test reads
	words=("${COMP_WORDS[@]}")
	cword=$COMP_CWORD
	# shellcheck disable=SC2034
	cur=${words[cword]}
	# shellcheck disable=SC2034
	prev=${words[cword - 1]}
}
_filedir() { COMPREPLY=(a-file); }
# shellcheck source=/dev/null
. "$top/packaging/completion/$program"

same() # WHAT IT OTHER
{
	[[ $2 == "$3" ]] && return
	echo "$1: $2, not $3"
	((++failures))
}

complete_of() # WORD...: what is offered for the last one
{
	COMP_WORDS=("./$program" "$@")
	COMP_CWORD=$#
	COMPREPLY=()
	"_${program//-/_}"
	echo "${COMPREPLY[*]}"
}

constant() # NAME FILE: a number, in KiB where it is given so
{
	sed -nE "s/^#define $1[[:space:]]+\(?([0-9]+).*/\1/p" "$sources/$2"
}

has() # TEXT
{
	grep -qF -- "$1" "$page" && return
	echo "$program(8) lacks \"$1\""
	((++failures))
}

options=$(sed -nE 's/^\t\{"([a-z]+)", (no|required)_argument.*/--\1/p' \
	"$top/frontends/common/front_end_main.c" | xargs)
same "$program(8)" "$(sed -nE 's/^\.It Fl -([a-z]+).*/--\1/p' "$page" | xargs)" "$options"
same "$program --<TAB>" "$(complete_of --)" "$options"
same "$program --che<TAB>" "$(complete_of --che)" --check
for option in --config --check --socket; do
	same "$program $option <TAB>" "$(complete_of "$option" '')" a-file
done
