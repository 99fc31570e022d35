#!/usr/bin/env bash
# Fetches the source tarballs that wasm/sources.lock pins and unpacks them into build/src. Places, in order: the cache
# folder ($GEVENT_WASM_CACHE or build/cache), the distribution's source packages, the upstream project, and the folder
# $GEVENT_WASM_SOURCES. Only a file with the pinned SHA-256 is taken from any of them.
set -euo pipefail
cd "$(dirname "$0")/.."

cache=${GEVENT_WASM_CACHE:-build/cache}
work=build/fetch
rejected=

sha256_of() {
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d' ' -f1
}

# accept FILE SHA256 NAME: puts FILE into the cache if its hash is right
accept() {
  [ -f "$1" ] || return 1
  local got
  got=$(sha256_of "$1")
  if [ "$got" != "$2" ]; then
    rejected="$rejected; $1 has $got"
    return 1
  fi
  mkdir -p "$cache"
  cp "$1" "$cache/$3.new" && mv "$cache/$3.new" "$cache/$3"
}

# An apt configuration of our own, so that newer suites and source packages need no change of the system's.
private_apt() {
  export APT_CONFIG=$PWD/$work/apt/apt.conf
  [ ! -f "$APT_CONFIG" ] || return 0
  local apt=$PWD/$work/apt suites mirrors mirror suite keyring= option=
  # shellcheck disable=SC1091
  suites=$(. /etc/os-release && echo "${VERSION_CODENAME:-} $([ "$ID" = debian ] && echo trixie sid)")
  mirrors=$(env -u APT_CONFIG apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | grep -E '/(debian|ubuntu)/?$' | sort -u)
  [ -n "$mirrors" ] || return 1
  for keyring in /usr/share/keyrings/{debian,ubuntu}-archive-keyring.{pgp,gpg}; do
    [ -f "$keyring" ] && option="[signed-by=$keyring]" && break
  done
  mkdir -p "$apt"/{lists,archives}/partial
  for mirror in $mirrors; do
    for suite in $suites; do echo "deb-src $option $mirror $suite main"; done
  done >"$apt/sources.list"
  cat >"$apt/new.conf" <<EOF
Dir::State::Lists "$apt/lists";
Dir::Cache "$apt";
Dir::Etc::SourceList "$apt/sources.list";
Dir::Etc::SourceParts "-";
APT::Sandbox::User "";
APT::Update::Post-Invoke { };
APT::Update::Post-Invoke-Success { };
Acquire::Languages "none";
Acquire::Retries "1";
Acquire::http::Timeout "15";
Acquire::https::Timeout "15";
EOF
  APT_CONFIG=$apt/new.conf timeout 120 apt-get -q update >"$apt/log" 2>&1 || return 1
  mv "$apt/new.conf" "$APT_CONFIG"
}

# from_distribution NAME VERSION SHA256 FILE: the source package whose upstream tarball has exactly this hash
from_distribution() {
  command -v apt-get >/dev/null && [ -f /etc/os-release ] && private_apt || return 1
  local package
  package=$(apt-cache showsrc --only-source "$1" 2>/dev/null | awk -v sum="$3" '
    /^Version: / { version = $2 }
    $1 == sum && $3 ~ /\.orig\.tar\.gz$/ { print version " " $3; exit }')
  [ -n "$package" ] || return 1
  (cd "$work" && timeout 60 apt-get -q source --download-only --tar-only "$1=${package% *}" >apt/log 2>&1) || return 1
  accept "$work/${package#* }" "$3" "$4"
}

from_upstream() {
  local file=$work/$4
  rm -f "$file"
  if command -v curl >/dev/null; then
    curl -fsSL --connect-timeout 10 --max-time 60 -o "$file" "$5" 2>/dev/null || return 1
  elif command -v wget >/dev/null; then
    wget -q --tries=1 --timeout=15 -O "$file" "$5" || return 1
  else
    return 1
  fi
  accept "$file" "$3" "$4"
}

from_folder() {
  [ -n "${GEVENT_WASM_SOURCES:-}" ] && accept "$GEVENT_WASM_SOURCES/$4" "$3" "$4"
}

mkdir -p "$work" build/src
while read -r name version sum address; do
  case $name in '' | '#'*) continue ;; esac
  file=$name-$version.tar.gz
  folder=build/src/$name-$version
  [ "$(cat "$folder/.sha256" 2>/dev/null)" != "$sum" ] || continue
  rejected=
  for place in accept_cached from_distribution from_upstream from_folder failed; do
    case $place in
      accept_cached)
        if [ -f "$cache/$file" ]; then
          [ "$(sha256_of "$cache/$file")" != "$sum" ] || break
          rejected="; $cache/$file has $(sha256_of "$cache/$file")"
          rm -f "$cache/$file"
        fi
        ;;
      failed)
        echo "build.sh: no $file with SHA-256 $sum could be had${rejected:-; every place was out of reach} (see wasm/sources.lock)" >&2
        exit 1
        ;;
      *) if "$place" "$name" "$version" "$sum" "$file" "$address"; then
        echo "fetched $file ($place)" | tr _ ' '
        break
      fi ;;
    esac
  done
  rm -rf "$folder" "$work/unpack"
  mkdir -p "$work/unpack"
  tar -xzf "$cache/$file" -C "$work/unpack"
  # it would be found before ours, which is made for this target
  rm -f "$work/unpack/$name-$version/include/ares_build.h"
  mv "$work/unpack/$name-$version" "$folder"
  echo "$sum" >"$folder/.sha256"
done <wasm/sources.lock
rm -rf "$work"
