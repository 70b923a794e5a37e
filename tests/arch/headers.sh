#!/bin/sh
# Every header compiles alone, and its first comment says what the module hides.
# Runs in BUILD/bin; argument: the top of the source tree.
set -u
top=$1
generated=$(cd .. && pwd)/proto
cd "$top" || exit 2
failed=0
count=0
flags="-std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Werror -Iproto -Itpm -Ifrontends/common
	-Ifrontends/stream -Ifrontends/data -Ifrontends/blocks -Ifrontends/ouc -Ifrontends/https -Ikeystored -Iclient
	-Iclient/include -Iclient/reference -Iclient/provider -Iclient/deploy -Iclient/table -Iclient/json -Iclient/bundle -Iclient/terminal
	-Itests/support -Itests/support/proxy -isystem $generated
	$(pkg-config --cflags tss2-esys libcrypto libprotobuf-c sqlite3 libsystemd jansson libmicrohttpd)"
for header in $(find proto tpm keystored client frontends tests bench -name '*.h' 2>/dev/null); do
	count=$((count + 1))
	# keystored has a policy.h too.
	case $header in
	frontends/opcua/* | tests/*/opcua/* | tests/*/opcua_*) first="-Ifrontends/opcua -Ifrontends/opcua/policy" ;;
	*) first="" ;;
	esac
	# shellcheck disable=SC2086
	if ! echo "#include \"$header\"" |
		${CC:-cc} $first $flags -I"$(dirname "$header")" -I. -fsyntax-only -x c -; then
		echo "$header does not compile alone"
		failed=1
	fi
	if [ "$(head -c 2 "$header")" != '/*' ]; then
		echo "$header does not begin with what it hides"
		failed=1
	fi
done
echo "$count headers"
[ "$count" -gt 0 ] && [ "$failed" = 0 ]
