#!/usr/bin/env bash
# keystore-opcua's options are those of its manual and of its completion, and what its manual says of
# limits is what the code has.
set -uo pipefail
top=$1
program=keystore-opcua
sources=$top/frontends/opcua
# shellcheck source=tests/support/program_options.sh
. "$top/tests/support/program_options.sh"

has "$(constant NODES_MAX describe.c) nodes to read, write, browse, or to monitor in one; $(constant CALLS_MAX describe.c) methods to call"
has "$(constant OF_SESSION_MAX describe.c) subscriptions, $(constant OF_SESSION_MAX describe.c) requests that wait for notifications, and $(constant RESENT_MAX describe.c) notifications"
has "$(constant ITEMS_MAX describe.c) in a subscription, $(constant QUEUE_MAX describe.c) values in the queue of one, from $(constant INTERVAL_MIN describe.c) ms on"
has "$(constant WAITING_MAX server.c) messages wait for keystored at a time, $(constant WAITING_OF_ADDRESS server.c) of one address"
has "$(constant LINES_MAX log.c) warnings of the OPC UA stack in ten seconds"
same "seconds of keystore-opcua(8)" 10 "$(constant WINDOW_S log.c)"
same "tries of keystore-opcua(8)" 5 "$(constant FAILURES_FREE server.c)"

echo "$(wc -w <<<"$options") options, $failures failures"
[[ $(wc -w <<<"$options") -ge 5 && $failures -eq 0 ]]
