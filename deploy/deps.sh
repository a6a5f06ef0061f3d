#!/bin/sh
# Installs by apt what is missing to build streamfleet; with --test also what its tests use; with --demo what deploy/run.sh uses.
# Debian 12, Debian 13, Ubuntu 22.04 and later. Services that come with a package are not started.
set -eu

packages="build-essential cmake ninja-build pkg-config libpaho-mqtt-dev libxml2-dev libxslt1-dev libogg-dev libssl-dev libcjson-dev
	libcurl4-openssl-dev"
for option; do
	case $option in
	--test) packages="$packages libcmocka-dev python3 python3-pytest ffmpeg mpg123 vorbis-tools curl procps" ;;
	--demo) packages="$packages python3 ffmpeg curl" ;;
	*) echo "usage: deploy/deps.sh [--test] [--demo]" >&2; exit 2 ;;
	esac
done

missing=""
for package in $packages; do
	dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

echo "installing:$missing"
policy=/usr/sbin/policy-rc.d
made_policy=no
if [ ! -e $policy ]; then
	printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
	as_root chmod 755 $policy
	made_policy=yes
fi
result=0
as_root apt-get -qq update || result=$?
# shellcheck disable=SC2086
[ $result -ne 0 ] || as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends -y $missing >/dev/null || result=$?
[ $made_policy = no ] || as_root rm -f $policy
exit $result
