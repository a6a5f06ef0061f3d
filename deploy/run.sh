#!/bin/sh
# Installs what is missing, builds `release`, and shows streamd on this machine: a live source made by ffmpeg, a listener, a changed
# configuration, a restart and a killed worker under that listener, whose bytes are compared with what was sent.
# Ctrl-C ends all of it; with --once it ends by itself, with 0 when every byte arrived.
set -eu
cd "$(dirname "$0")/.."
once=no
case ${1-} in
--once) once=yes ;;
"") ;;
*) echo "usage: deploy/run.sh [--once]" >&2; exit 2 ;;
esac

deploy/deps.sh --demo
echo "== building"
cmake --preset release -DSF_TESTS=OFF -B build/run >/dev/null
cmake --build build/run --parallel "$(nproc)" >/dev/null

folder=$(mktemp -d)
chmod 755 "$folder"
control=$folder/streamd.sock
pids=""
end() {
	for pid in $pids; do
		kill "$pid" 2>/dev/null || true
	done
	for pid in $pids; do
		wait "$pid" 2>/dev/null || true
	done
	rm -rf "$folder"
}
trap end EXIT
trap 'exit 130' INT TERM

password=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
user=""
[ "$(id -u)" != 0 ] || user="<security><changeowner><user>nobody</user><group>nogroup</group></changeowner></security>"
write_config() {
	cat >"$folder/icecast.xml" <<XML
<icecast>
  <location>$1</location>
  <authentication><source-password>$password</source-password><admin-password>$password</admin-password></authentication>
  <listen-socket><bind-address>127.0.0.1</bind-address><port>0</port></listen-socket>
  <logging><accesslog>-</accesslog><errorlog>-</errorlog></logging>
  $user
</icecast>
XML
}
ask() {
	curl -sS -m 20 --unix-socket "$control" "$@"
}
field() {
	python3 -c 'import json, sys
value = json.load(sys.stdin)
for key in sys.argv[1:]:
    value = value[int(key) if isinstance(value, list) else key]
print(value)' "$@"
}
until_true() {
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 200 ] || { echo "not in time: $*" >&2; cat "$folder/log" >&2; exit 1; }
		sleep 0.1
	done
}

write_config "before the change"
mkfifo "$folder/ready"
build/run/bin/streamd -c "$folder/icecast.xml" --control "$control" --ready-fd 3 3>"$folder/ready" 2>"$folder/log" &
pids="$pids $!"
port=$(field listen 0 port <"$folder/ready")
url=http://127.0.0.1:$port
echo "== streamd serves $url (admin pages: $url/admin/stats, user admin)"

ffmpeg -v error -f lavfi -i sine=440:duration=600 -c:a libmp3lame -b:a 128k -f mp3 -y "$folder/tone.mp3"
ffmpeg -v error -re -i "$folder/tone.mp3" -c copy -f mp3 -content_type audio/mpeg "icecast://source:$password@127.0.0.1:$port/live" &
pids="$pids $!"
has_source() { [ "$(ask http://streamd/v1/status | field sources)" = 1 ]; }
until_true has_source
echo "== a source plays on $url/live"

curl -sSN -o "$folder/heard.mp3" "$url/live" &
listener=$!
pids="$pids $listener"
has_listener() { [ "$(ask http://streamd/v1/status | field listeners)" = 1 ]; }
until_true has_listener
echo "== a listener: curl"

write_config "after the change"
echo "== what a changed file would do:"
ask --data-binary @"$folder/icecast.xml" http://streamd/v1/config/check | field plan
echo "== reload, restart, and kill -9 of the worker under the listener:"
ask -X POST http://streamd/v1/reload | field changed
ask -X POST http://streamd/v1/restart
worker=$(ask http://streamd/v1/status | field worker_pid)
kill -9 "$worker"
is_replaced() { [ "$(ask http://streamd/v1/status | field worker_pid)" != "$worker" ]; }
until_true is_replaced
before=$(wc -c <"$folder/heard.mp3")
has_more() { [ "$(wc -c <"$folder/heard.mp3")" -gt $((before + 60000)) ]; }
until_true has_more
kill -0 "$listener" || { echo "the listener was disconnected" >&2; exit 1; }
python3 - "$folder/tone.mp3" "$folder/heard.mp3" <<'PY'
import sys
sent, heard = (open(name, "rb").read() for name in sys.argv[1:])
at = sent.find(heard[:2000])
if at < 0 or sent[at:at + len(heard)] != heard:
    sys.exit("the listener's bytes are not what was sent")
print(f"== the listener is still connected and has {len(heard)} bytes, each as it was sent")
PY
[ $once = yes ] && exit 0
echo "listen: $url/live   status: $url/status-json.xsl   control: curl --unix-socket $control http://streamd/v1/status"
echo "Ctrl-C ends all"
wait
