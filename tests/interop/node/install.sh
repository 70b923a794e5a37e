#!/bin/sh
# install.sh DIR: node-opcua's packages in DIR/node_modules, exactly those of package-lock.json.
# Does nothing when they are there.
set -eu
here=$(dirname "$(readlink -f "$0")")
mkdir -p "$1"
cd "$1"
exec 9>lock # builds of several presets share DIR
flock 9
if [ -d node_modules ] && cmp -s "$here/package-lock.json" installed.json; then
	exit 0
fi
cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" .
rm -f installed.json
npm ci --no-progress --fetch-retries=1 >npm.log 2>&1 || {
	cat npm.log >&2
	echo "npm cannot install node-opcua's packages, see above: does \"npm ping\" work here?" >&2
	exit 1
}
cp package-lock.json installed.json
