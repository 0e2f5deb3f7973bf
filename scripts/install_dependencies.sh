#!/usr/bin/env bash
# install_dependencies.sh GROUP...: make sure the Debian packages of each group (build, test, lint, fuzz, arm64) are there.
# Silent when nothing is missing; otherwise says in one line what it installs.
set -euo pipefail

declare -A groups=(
    [build]="gcc make pkg-config libc6-dev libjansson-dev libpcre2-dev libutf8proc-dev libedit-dev libmicrohttpd-dev libseccomp-dev libcurl4-openssl-dev"
    [test]="libcmocka-dev python3-jsonschema nodejs npm"
    [lint]="clang-format"
    [fuzz]="clang"
    [arm64]="gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user libjansson-dev:arm64 libpcre2-dev:arm64 libutf8proc-dev:arm64 libmicrohttpd-dev:arm64 libseccomp-dev:arm64 libcmocka-dev:arm64"
)

wanted=()
for group in "${@:-build}"; do
    [ -n "${groups[$group]:-}" ] || { echo "install_dependencies.sh: no group '$group'" >&2; exit 2; }
    read -ra packages <<<"${groups[$group]}"
    wanted+=("${packages[@]}")
done

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    # Elsewhere only the compiler can tell; let it, but say once what it will look for.
    if ! pkg-config --exists jansson libpcre2-8 libutf8proc libedit libmicrohttpd libseccomp libcurl 2>/dev/null; then
        echo "This is not a Debian system: please install the equivalents of: ${wanted[*]}" >&2
        exit 1
    fi
    exit 0
fi

# A package counts when it is installed, or when another one provides it (clang-format comes from several). Those of another
# architecture are named with it, as apt does.
native=$(dpkg --print-architecture)
wanted=("${wanted[@]%":$native"}")
installed=$(dpkg-query -W -f='${db:Status-Abbrev}${Architecture}, ${Package}, ${Provides}\n' 2>/dev/null |
    sed -n 's/^ii *//p' | awk -F', *' -v native="$native" '{
        suffix = $1 == native || $1 == "all" ? "" : ":" $1
        for (i = 2; i <= NF; i++) { sub(/[ (:].*/, "", $i); if ($i != "") print $i suffix }
    }')
missing=()
for package in "${wanted[@]}"; do
    grep -qxF "$package" <<<"$installed" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

echo "Installing missing Debian packages: ${missing[*]}" >&2
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "Not root and no sudo: please run: apt-get install ${missing[*]}" >&2
        exit 1
    }
    as_root=(sudo)
fi
# clang only recommends the runtime that -fsanitize=fuzzer links; everything else needs no recommendations.
options=(-y)
case " $* " in *" fuzz "*) ;; *) options+=(--no-install-recommends) ;; esac
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for package in "${missing[@]}"; do
    [[ "$package" != *:* ]] || dpkg --print-foreign-architectures | grep -qxF "${package#*:}" ||
        "${as_root[@]}" dpkg --add-architecture "${package#*:}"
done
install() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install "${options[@]}" "${missing[@]}" >"$log" 2>&1
}
# The package lists may be absent or stale: refresh them only when they turn out to be.
install || { "${as_root[@]}" apt-get update >>"$log" 2>&1 && install; } || {
    cat "$log" >&2
    echo "Could not install: ${missing[*]}" >&2
    exit 1
}
