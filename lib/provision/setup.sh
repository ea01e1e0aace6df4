#!/bin/sh
# `npm run setup`: everything between a bare checkout and a working ./bin/vxmig. Plain sh, because nothing of npm's is
# there yet. Each step says what it does and why; a second run finds everything there and does nothing.
set -eu
cd "$(dirname "$0")/../.."

say() { echo "setup: $*"; }
fail() {
  echo "setup: $*" >&2
  exit 1
}

command -v node >/dev/null || fail "node is missing: install Node 20 or newer (https://nodejs.org, or apt-get install nodejs npm on Debian 13)"
command -v npm >/dev/null || fail "npm is missing: install it beside Node $(node --version)"
[ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] || fail "Node $(node --version) is too old: 20 or newer is needed"

# --- system packages and the guest, which need root ------------------------------------------------------------------
if [ "$(id -u)" -eq 0 ]; then
  status=0
  lib/provision/provision.sh lab || status=$?
  case $status in
  0) lib/guest/build.sh ;;
  2) say "going on without the system packages: what needs a lab will say so" ;;
  *) exit "$status" ;;
  esac
else
  say "not root: system packages and the lab's guest are left alone, and what needs a lab is skipped. As root, this would happen:"
  lib/provision/provision.sh --dry-run lab || true
fi

# --- npm's packages --------------------------------------------------------------------------------------------------
# By content, not by time: a checkout or a `git pull` gives files any time it likes.
lock=$(sha256sum package-lock.json)
lock_stamp=node_modules/.vxmig-lock
if [ "$(cat $lock_stamp 2>/dev/null || true)" = "$lock" ]; then
  say "npm packages are there"
elif [ -d node_modules ] && npm ls --depth=0 >/dev/null 2>&1; then
  say "npm packages are there and fit package.json"
  # Somebody else's checkout may be read-only; then it is looked at again next time.
  { echo "$lock" >$lock_stamp; } 2>/dev/null || true
else
  say "npm ci: the packages of package-lock.json are missing or have changed"
  # A lock file written behind a mirror that lacks other platforms' builds is one that `npm ci` refuses.
  npm ci --no-audit --no-fund || {
    say "npm ci refuses; npm install, which takes what the lock file pins and looks up the rest"
    npm install --no-save --no-audit --no-fund
  }
  echo "$lock" >$lock_stamp
fi

# --- the build -------------------------------------------------------------------------------------------------------
# Node's version too: what V8 has compiled of the bundle is of one version only.
sources() {
  {
    node --version
    find lib test bin package-lock.json tsconfig.json package.json -type f 2>/dev/null | LC_ALL=C sort | xargs sha256sum
  } | sha256sum
}
build_stamp=dist/.vxmig-sources
if [ "$(cat $build_stamp 2>/dev/null || true)" = "$(sources)" ]; then
  say "the build is there and up to date"
else
  say "npm run build: sources are newer than the build"
  npm run --silent build
  # tsc leaves the output of deleted sources behind, and the test runner would run it.
  find dist/lib dist/test -name '*.js' 2>/dev/null | while read -r output; do
    source=${output#dist/}
    [ -f "${source%.js}.ts" ] || [ -f "$source" ] || rm -f "$output" "$output.map"
  done
  # After the build, which may generate sources of its own.
  sources >$build_stamp
fi
say "ready: ./bin/vxmig --help"
