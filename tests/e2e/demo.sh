#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The main job as a story: a server and two machines on this computer, and a variable that travels.
# Every command that is shown is the one that runs. ENVMESH_BIN is the folder with the programs.
set -euo pipefail

bin=${ENVMESH_BIN:?the folder that holds envmesh-daemon and envmesh-cli}
bin=$(cd "$bin" && pwd)
PATH=$bin:$PATH
folder=$(mktemp -d "${TMPDIR:-/tmp}/envmesh-demo-XXXXXX")
declare -A daemons=()
helpers=()
step="the beginning"

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
else
    bold='' dim='' green='' red='' plain=''
fi

clean_up() {
    local status=$?
    trap - EXIT
    if [ "$status" != 0 ]; then
        printf '\n%sThe demo failed at: %s%s\n' "$red" "$step" "$plain" >&2
        local log
        for log in "$folder"/*.log "$folder"/*.events; do
            [ -s "$log" ] || continue
            printf '\n%s%s%s\n' "$bold" "${log##*/}" "$plain" >&2
            tail -n 12 "$log" >&2
        done
    fi
    local pid
    for pid in "${helpers[@]}" "${daemons[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
    for pid in "${helpers[@]}" "${daemons[@]}"; do
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$folder"
    exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

chapter() { step=$1; printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }
show() { printf '  %s%-7s $ %s%s\n' "$dim" "$1" "$2" "$plain"; }
say() { printf '    %s%s%s\n' "$green" "$1" "$plain"; }
fail() { step="$step: $1"; exit 1; }

# on MACHINE COMMAND…: shows the command as it is typed there, and runs it there.
on() {
    local machine=$1
    shift
    show "$machine" "$*"
    ENVMESH_HOME=$folder/$machine "$@" | sed 's/^/    /'
}

# until_true WHAT COMMAND…: polls, for at most twenty seconds.
until_true() {
    local what=$1 tries
    shift
    for ((tries = 0; tries < 200; tries++)); do
        "$@" && return
        sleep 0.1
    done
    fail "$what did not happen"
}

start() {
    local machine=$1
    mkdir -p -m 700 "$folder/$machine"
    # This is one computer: nothing is said on its network.
    [ -e "$folder/$machine/config.toml" ] ||
        printf '%s\n' '[client]' 'enable_lan = false' >"$folder/$machine/config.toml"
    show "$machine" "envmesh-daemon &"
    : >"$folder/$machine.log"
    ENVMESH_HOME=$folder/$machine envmesh-daemon 2>>"$folder/$machine.log" &
    daemons[$machine]=$!
    until_true "the start of the daemon on $machine" grep -q ' ready ' "$folder/$machine.log"
}

# first_of FILE EVENT FIELD: a field of the first event of that name among JSON lines.
first_of() { sed -n "s/^{\"event\":\"$2\".*\"$3\":\"\([^\"]*\)\".*/\1/p" "$1" | head -n 1; }
has_event() { grep -q "^{\"event\":\"$2\"" "$1" 2>/dev/null; }
value_is() { [ "$(ENVMESH_HOME=$folder/$1 envmesh-cli get "$2" 2>/dev/null)" = "$3" ]; }
tier_is() { ENVMESH_HOME=$folder/$1 envmesh-cli status --json | grep -q "\"tier\":\"$2\""; }
write_config() {
    printf '%s\n' '[server]' 'mode = "server-preferred"' 'listen = "127.0.0.1"' "port = $1" \
        '[client]' 'enable_cloud = false' 'enable_lan = false' >"$folder/server/config.toml"
}

printf '%sEnvMesh%s  one server and two machines, all on this computer\n' "$bold" "$plain"
umask 077
cd "$folder"
printf 'a password of your own\n' >password

chapter 'A server that can read nothing'
mkdir -m 700 "$folder/server"
write_config 0
start server
port=$(sed -n 's/.* listening .*port=\([0-9]*\).*/\1/p' "$folder/server.log")
show server 'envmesh-daemon --print-server-key'
key=$(ENVMESH_HOME=$folder/server envmesh-daemon --print-server-key)
[ -n "$port" ] && [ ${#key} = 64 ] || fail 'the server tells no port or no key'
write_config "$port"
say "listens on port $port, key ${key:0:16}…"

chapter 'The first machine'
start laptop
on laptop envmesh-cli init --name laptop --server "wss://127.0.0.1:$port" --server-key "$key" \
    --password-file password
until_true 'the connection to the server' tier_is laptop cloud

chapter 'A second machine joins'
start desktop
invite=$folder/invite.events
join=$folder/join.events
mkfifo "$folder/answer"
show laptop 'envmesh-cli invite --json'
ENVMESH_HOME=$folder/laptop envmesh-cli invite --json <"$folder/answer" >"$invite" 2>&1 &
inviting=$!
helpers+=("$inviting")
exec 3>"$folder/answer"
until_true 'an invitation code' has_event "$invite" code
code=$(first_of "$invite" code code)
say "a code for one machine, ten minutes: ${code:0:12}…"
show desktop 'envmesh-cli join --json --name desktop --password-file password'
printf '%s\n' "$code" | ENVMESH_HOME=$folder/desktop envmesh-cli join --json --name desktop \
    --password-file password >"$join" 2>&1 &
joining=$!
helpers+=("$joining")
until_true 'six digits on the laptop' has_event "$invite" joiner
until_true 'six digits on the desktop' has_event "$join" check
here=$(first_of "$invite" joiner check)
there=$(first_of "$join" check check)
say "the laptop shows  ${here:0:3} ${here:3}"
say "the desktop shows ${there:0:3} ${there:3}"
[ -n "$here" ] && [ "$here" = "$there" ] || fail 'the digits differ'
show laptop 'yes'
echo yes >&3
exec 3>&-
wait "$inviting" || fail 'the invitation failed'
wait "$joining" || fail 'joining failed'
helpers=()
say 'the desktop is a device of the mesh'

chapter 'A variable travels'
printf 'postgres://me:s3cret@db/it'\''s "quoted" $HOME' >value
on laptop envmesh-cli set DATABASE_URL=@value
arrived() { value_is desktop DATABASE_URL "$(cat value)"; }
until_true 'the value on the desktop' arrived
show desktop 'bash'
show desktop '  eval "$(envmesh-cli export)"'
show desktop '  echo "$DATABASE_URL"'
in_shell() {
    ENVMESH_HOME=$folder/desktop bash --norc --noprofile -c \
        'eval "$(envmesh-cli export)"; printf "%s" "${DATABASE_URL:-}"' >seen
    [ -s seen ]
}
until_true 'the export' in_shell
cmp -s seen value || fail 'the value differs in the shell'
say "$(cat seen)"
say 'the same, byte for byte'

chapter 'A change arrives by itself'
on laptop envmesh-cli set GREETING=hello
until_true 'the change on the desktop' value_is desktop GREETING hello
on desktop envmesh-cli get GREETING
on desktop envmesh-cli set GREETING='hello yourself'
until_true 'the answer on the laptop' value_is laptop GREETING 'hello yourself'
on laptop envmesh-cli get GREETING

chapter 'The server goes away, work goes on'
show server "kill ${daemons[server]}"
kill "${daemons[server]}"
wait "${daemons[server]}" || fail 'the server did not end cleanly'
unset 'daemons[server]'
until_true 'the loss being noticed' tier_is laptop offline
on laptop envmesh-cli set MADE_OFFLINE='on a train'
on laptop envmesh-cli get MADE_OFFLINE
value_is desktop MADE_OFFLINE 'on a train' && fail 'it cannot be there yet'
say 'the desktop does not have it yet'

chapter 'The server is back'
start server
on laptop envmesh-cli sync --wait 20s
until_true 'the offline edit on the desktop' value_is desktop MADE_OFFLINE 'on a train'
on desktop envmesh-cli get MADE_OFFLINE

chapter 'What the server knows'
grep -rqE 'DATABASE_URL|s3cret|MADE_OFFLINE|laptop|desktop' "$folder/server" && fail 'the server knows too much'
show server 'grep -rE "DATABASE_URL|s3cret|laptop" .'
say 'no name, no value, no machine'

printf '\n%s%sEverything held.%s\n' "$bold" "$green" "$plain"
