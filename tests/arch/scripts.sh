#!/bin/sh
# Scripts are clean in shellcheck's eyes. Argument: the top of the source tree.
set -eu
cd "$1"
shellcheck -x -a dev
# shellcheck disable=SC2046
shellcheck -x .ci/run $(find tests bench packaging -path "*/corpus" -prune -o -name '*.sh' -o -path 'bench/*' -type f \
	-perm -u+x -exec sh -c 'head -n 1 "$1" | grep -q "sh$"' sh {} \; -print)
