#!/usr/bin/env bash
# Builds dist/ (what the package ships) and build/examples; with --tests also build/test. Each step runs only when what it
# reads has changed, so that a build with nothing to do takes a moment. Fresh machine: Debian or Ubuntu as root is enough,
# elsewhere emscripten, Node.js and npm have to be there.
set -euo pipefail
cd "$(dirname "$0")"

tests=
for argument in "$@"; do
  case $argument in
    --tests) tests=--tests ;;
    --clean) rm -rf dist build/stamps build/wasm build/test build/examples build/toolchain.mjs ;;
    *) echo "usage: ./build.sh [--tests] [--clean]" >&2 && exit 2 ;;
  esac
done

fail() {
  echo "build.sh: $1" >&2
  exit 1
}

if command -v sha256sum >/dev/null; then sum=(sha256sum); else sum=(shasum -a 256); fi

# fingerprint PATH…: one hash over the names and contents of these files and of all files below these folders
fingerprint() {
  local existing=() path
  for path in "$@"; do [ ! -e "$path" ] || existing+=("$path"); done
  [ ${#existing[@]} -gt 0 ] || return 0
  find "${existing[@]}" -type f ! -name '.*' -print0 | LC_ALL=C sort -z | xargs -0 "${sum[@]}" | "${sum[@]}"
}

# step NAME OUTPUT COMMAND INPUT…: runs COMMAND unless OUTPUT exists and the inputs are those of the last run that went well
step() {
  local stamp=build/stamps/$1 output=$2 command=$3 now
  shift 3
  now=$(fingerprint "$@")
  if [ -e "$output" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$now" ]; then return; fi
  rm -f "$stamp"
  $command
  mkdir -p build/stamps
  echo "$now" >"$stamp"
}

can_install() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && grep -qE '^ID(_LIKE)?=.*(debian|ubuntu)' /etc/os-release 2>/dev/null
}

apt_install() {
  local log=build/apt.log
  mkdir -p build
  echo "installing $* with apt-get"
  if ! (apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "$@") >"$log" 2>&1 </dev/null; then
    tail -n 5 "$log" >&2
    fail "apt-get could not install $* (see $log)"
  fi
}

need_node() {
  if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    can_install || fail "Node.js 20.16 or newer with npm is needed: install it and run build.sh again"
    apt_install nodejs npm
  fi
  local version
  version=$(node -p 'process.versions.node')
  [ "${version%%.*}" -ge 20 ] || fail "Node.js 20 or newer is needed, this one is $version: install a newer one and run build.sh again"
}

need_emcc() {
  if [ -z "${EMCC:-}" ] && ! command -v emcc >/dev/null; then
    can_install || fail "emcc is needed: install emscripten (on Debian and Ubuntu: apt-get install emscripten) and run build.sh again"
    apt_install emscripten
  fi
}

# What the tests talk to: COMMAND:PACKAGE.
peers=(
  curl:curl openssl:openssl socat:socat nc:netcat-openbsd chromium:chromium
  dnsmasq:dnsmasq-base dig:bind9-dnsutils
)

need_peers() {
  local peer missing=()
  for peer in "${peers[@]}"; do command -v "${peer%%:*}" >/dev/null || missing+=("${peer#*:}"); done
  # native gevent, with which results are compared; where it cannot be installed those comparisons are left out
  if can_install && ! /usr/bin/python3 -c "import gevent" 2>/dev/null; then missing+=(python3-gevent); fi
  [ ${#missing[@]} -gt 0 ] || return 0
  can_install || fail "the tests need ${missing[*]} (names of Debian's packages): install them and run build.sh --tests again"
  apt_install "${missing[@]}"
}

install_packages() {
  need_node
  echo "npm ci"
  npm ci --no-audit --no-fund --loglevel=error
}

bundle_toolchain() {
  need_node
  node_modules/.bin/esbuild ts/cli/toolchain.ts --bundle --platform=node --target=node20 --format=esm --log-level=warning \
    --outfile=build/toolchain.mjs
}

build_wasm() {
  need_node
  need_emcc
  node scripts/wasm.mjs
}

build_example_programs() {
  need_node
  need_emcc
  local source
  for source in examples/c/*.c; do
    node dist/cli.js cc "$source" -Wall -Wextra -o "build/examples/$(basename "$source" .c).wasm"
  done
}

build_test_programs() {
  need_node
  need_emcc
  node scripts/wasm.mjs test
}

bundle() {
  need_node
  node scripts/bundle.mjs "$1"
}

bundle_package() {
  need_node
  node scripts/package.mjs
}

declarations() {
  need_node
  rm -rf dist/types
  node_modules/.bin/tsc -p scripts/tsconfig.declarations.json
}

step packages node_modules install_packages package-lock.json
step sources build/src scripts/sources.sh wasm/sources.lock scripts/sources.sh
step toolchain build/toolchain.mjs bundle_toolchain ts/cli package-lock.json build.sh
step wasm dist/hub.wasm build_wasm wasm scripts/wasm.mjs build/toolchain.mjs
step bundle dist/index.js bundle_package ts dist/hub.wasm package.json package-lock.json scripts/package.mjs scripts/esbuild.mjs
step declarations dist/types declarations ts tsconfig.json scripts/tsconfig.declarations.json package-lock.json
step examples build/examples "bundle examples" examples package-lock.json scripts/bundle.mjs scripts/esbuild.mjs
step example-programs build/examples/echo_client.wasm build_example_programs examples/c wasm build/toolchain.mjs
if [ -n "$tests" ]; then
  need_peers
  # a noun of the core is tested from its source
  step tests build/test "bundle test" test ts package-lock.json scripts/bundle.mjs scripts/esbuild.mjs
  step test-programs build/test build_test_programs test/wasm dist/lib wasm scripts/wasm.mjs build/toolchain.mjs
fi
