#!/usr/bin/env bash
# keystore-https's options are those of its manual and of its completion, and what its manual says of
# limits is what the code has.
set -uo pipefail
top=$1
program=keystore-https
sources=$top/frontends/https
# shellcheck source=tests/support/program_options.sh
. "$top/tests/support/program_options.sh"

has "A target of $(constant HTTP_PATH_MAX http.h) bytes, headers of $(constant HTTP_HEADERS_MAX http.h) KiB"
has "JSON $(constant API_DEPTH_MAX api.h) deep"
has "$(constant API_CALLS_MAX api.h) are under way"
has "$(constant FEEDS_MAX site.c) readers"
has "leaves $(constant HTTP_OUTPUT_MAX http.h) KiB unread"
while read -r header; do has "$header"; done < <(sed -nE 's/^\t\{"([A-Z][A-Za-z-]+)",.*/\1/p' \
	"$sources/http_response.c")

echo "$(wc -w <<<"$options") options, $failures failures"
[[ $(wc -w <<<"$options") -ge 5 && $failures -eq 0 ]]
