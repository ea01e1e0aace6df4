#!/usr/bin/env bash
# Makes a machine ready for vxmig, on Debian 12, Debian 13 and Ubuntu 24.04. One script for every kind of machine:
#
#   provision.sh lab      the machine that `vxmig lab up` builds its hosts on: packages only; daemons that come with them
#                         are neither started nor enabled, for the lab starts its own
#   provision.sh host     a real host (or Vagrant's): Open vSwitch, libvirt and sshd enabled and running, the guest image
#   provision.sh router   joins the underlay's subnets: IPv4 and IPv6 forwarding
#   provision.sh checks   what `npm run check` needs besides: shellcheck, vagrant
#   provision.sh --dry-run ROLE   prints the steps and touches nothing
#
# Says what it installs and why. A second run installs nothing and asks no server anything.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive LC_ALL=C PATH=$PATH:/usr/sbin:/sbin

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
backports_file=/etc/apt/sources.list.d/vxmig-backports.list
dry_run=no
role=

say() { echo "provision: $*"; }
warn() { echo "provision: warning: $*" >&2; }
fail() {
  echo "provision: $1" >&2
  exit "${2:-1}"
}

for argument in "$@"; do
  case $argument in
  --dry-run) dry_run=yes ;;
  lab | host | router | checks) role=$argument ;;
  *) fail "unknown argument '$argument' (provision.sh [--dry-run] lab|host|router|checks)" 3 ;;
  esac
done
[ -n "$role" ] || fail "which role? provision.sh [--dry-run] lab|host|router|checks" 3

# step WHY COMMAND…: says why, then does it; a dry run only says.
step() {
  say "$1"
  shift
  if [ "$dry_run" = no ]; then
    "$@"
  elif [ "$(type -t "$1")" != function ]; then
    say "  would run: $*"
  fi
}

# --- which release ---------------------------------------------------------------------------------------------------
# shellcheck source=/dev/null
. "${VXMIG_OS_RELEASE:-/etc/os-release}"
release="${ID:-unknown} ${VERSION_ID:-unknown}"
backports=
case $release in
"debian 12") backports=bookworm-backports ;;
"debian 13") ;;
"ubuntu 24.04")
  [ "$role" = router ] || [ "$role" = checks ] ||
    warn "Ubuntu 24.04 has QEMU 8.2. QEMU 7.2's emulator (TCG) was seen to corrupt guests that were migrated under load, 10.0 was not, and nothing between was tried: use KVM here, or Debian 12 with backports or 13."
  ;;
# Status 2: setup.sh goes on without a lab, for what needs none.
*) fail "$release is not supported: Debian 12, Debian 13 and Ubuntu 24.04 are" 2 ;;
esac

command -v apt-get >/dev/null || [ "$dry_run" = yes ] || fail "apt-get is missing"
if [ "$(id -u)" -ne 0 ] && [ "$dry_run" = no ]; then
  fail "installing packages needs root: run 'sudo $0 $role', or see the steps with '$0 --dry-run $role'"
fi

# --- packages --------------------------------------------------------------------------------------------------------
installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# On Debian 12 a QEMU or libvirt of the release itself counts as missing (docs: QEMU 7.2 corrupts guests).
new_enough() {
  local least
  case $1 in
  qemu-*) least=1:10 ;;
  *) least=11 ;;
  esac
  dpkg --compare-versions "$(dpkg-query -W -f '${Version}' "$1")" ge "$least"
}

missing=() missing_virt=() optional=" "
while IFS='|' read -r roles package why; do
  case $roles in '#'* | '') continue ;; esac
  case ",${roles// /}," in *",$role,"*) ;; *) continue ;; esac
  read -r kind package <<<"$package"
  [ -n "$package" ] || { package=$kind && kind=; }
  if installed "$package" && { [ "$kind" != virt ] || [ -z "$backports" ] || new_enough "$package"; }; then continue; fi
  say "needs $package:$why"
  [ "$kind" != maybe ] || optional+="$package "
  if [ "$kind" = virt ] && [ -n "$backports" ]; then missing_virt+=("$package"); else missing+=("$package"); fi
done <"$here/packages.txt"

has_backports() {
  grep -rqsE "^[^#]*\b$backports\b" /etc/apt/sources.list /etc/apt/sources.list.d --include=sources.list --include='*.list' --include='*.sources'
}

# The mirror that this machine uses for the release itself serves its backports too.
add_backports() {
  local mirror
  # shellcheck disable=SC2016 # apt expands it, not the shell
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $VERSION_CODENAME" 2>/dev/null | head -n 1)
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror:-http://deb.debian.org/debian} $backports main" >"$backports_file"
}

# The packages that apt's index does not know, of those that are missing.
unknown() {
  local package policy wanted
  for package in "${missing[@]}" "${missing_virt[@]}"; do
    wanted='Candidate: [^(]'
    case " ${missing_virt[*]} " in *" $package "*) wanted="${backports:-$wanted}" ;; esac
    policy=$(apt-cache policy "$package")
    grep -q "$wanted" <<<"$policy" || echo "$package"
  done
}

required_unknown() {
  local package
  for package in $(unknown); do
    case $optional in *" $package "*) ;; *) echo "$package" ;; esac
  done
}

# One source that does not answer (a third party's) is no reason to stop, so long as every package is found.
fetch_index() {
  local log left
  log=$(mktemp)
  apt-get -q update >"$log" 2>&1 || true
  left=$(required_unknown)
  [ -z "$left" ] || grep -E '^(E|W|Err):?' "$log" | tail -n 3 >&2 || true
  rm -f "$log"
  [ -z "$left" ] || fail "no package source offers ${left//$'\n'/ } (is the network there? see apt-get update)"
}

leave_out_unknown() {
  local package kept=() left
  left=" $(unknown | tr '\n' ' ')"
  for package in "${missing[@]}"; do
    case $left in
    *" $package "*) warn "$release has no package $package: what it is for is skipped" ;;
    *) kept+=("$package") ;;
    esac
  done
  missing=("${kept[@]}")
}

# Daemons of packages that are new to this machine stay off in the role lab: dpkg asks policy-rc.d before it starts one,
# and what it enabled is disabled right after. A policy-rc.d that is there already (containers have one) is kept.
policy=/usr/sbin/policy-rc.d
enabled_daemons() {
  find /etc/systemd/system/{multi-user,sockets}.target.wants -regextype egrep \
    -regex '.*/(openvswitch|ovs-|ovn-|ssh|libvirt|virtlogd|virtlockd|qemu-kvm|nfs-ganesha|nfs-client|rpcbind)[^/]*' -printf '%f\n' 2>/dev/null | sort -u || true
}

install_packages() { # [-t SUITE] PACKAGE…
  local log status=0
  log=$(mktemp)
  apt-get install -y --no-install-recommends "$@" >"$log" 2>&1 || status=$?
  if [ "$status" -ne 0 ] && grep -q '404 ' "$log"; then
    say "the package lists are older than the archive: fetching them, and trying once more"
    status=0
    { apt-get -q update && apt-get install -y --no-install-recommends "$@"; } >"$log" 2>&1 || status=$?
  fi
  if [ "$status" -ne 0 ]; then
    grep -E '^(E|W|Err):?' "$log" | tail -n 5 >&2 || true
    rm -f "$log"
    fail "these packages could not be installed: $* (is the network there? try: apt-get update)"
  fi
  rm -f "$log"
}

if [ ${#missing[@]} -eq 0 ] && [ ${#missing_virt[@]} -eq 0 ]; then
  say "$role: all packages are there, nothing to install"
else
  if [ ${#missing_virt[@]} -gt 0 ] && ! has_backports; then
    step "adding $backports as $backports_file: Debian 12's own QEMU 7.2 corrupts guests in live migration" add_backports
  fi
  if [ "$dry_run" = yes ] || [ -n "$(required_unknown)" ]; then
    step "fetching the package lists, where they do not know all of these packages" fetch_index
  fi
  [ "$dry_run" = yes ] || leave_out_unknown
  before=
  made_policy=no
  if [ "$role" = lab ]; then
    before=$(enabled_daemons)
    if [ "$dry_run" = no ] && [ ! -e $policy ]; then
      trap '[ "$made_policy" = no ] || rm -f $policy' EXIT
      made_policy=yes
      printf '#!/bin/sh\n# vxmig: lab daemons are started by the lab itself; gone after the installation\nexit 101\n' >$policy
      chmod 755 $policy
    fi
    say "daemons that are new to this machine are neither started nor enabled: the lab starts its own"
  fi
  [ ${#missing[@]} -eq 0 ] ||
    step "installing ${missing[*]}" install_packages "${missing[@]}"
  [ ${#missing_virt[@]} -eq 0 ] ||
    step "installing ${missing_virt[*]} from $backports" install_packages -t "$backports" "${missing_virt[@]}"
  if [ "$role" = lab ] && [ "$dry_run" = no ]; then
    for unit in $(enabled_daemons | grep -vxF -e "$before" || true); do
      systemctl disable --quiet "$unit" 2>/dev/null || warn "$unit could not be disabled"
    done
  fi
fi

# --- services and settings -------------------------------------------------------------------------------------------
setting() { # FILE WHY KEY=VALUE…
  local file=/etc/sysctl.d/$1 why=$2 text
  shift 2
  text=$(printf '%s\n' "# vxmig: $why" "$@")
  [ "$(cat "$file" 2>/dev/null)" != "$text" ] || return 0
  step "$why ($*)" write_setting "$file" "$text"
}
write_setting() {
  echo "$2" >"$1"
  sysctl -q -p "$1"
}

running() {
  local unit
  for unit in "$@"; do
    systemctl is-enabled --quiet "$unit" 2>/dev/null && systemctl is-active --quiet "$unit" || return 1
  done
}
service() { # WHY UNIT
  if [ "$dry_run" = yes ] || ! running "$2"; then step "$1" systemctl enable --now --quiet "$2"; fi
}

case $role in
host)
  [ -d /run/systemd/system ] || [ "$dry_run" = yes ] || fail "the role host needs systemd; it is not running here"
  service "Open vSwitch, enabled and running" openvswitch-switch
  service "sshd, enabled and running" ssh
  service "libvirtd, enabled and running" libvirtd
  setting 60-vxmig-post-copy.conf "post-copy migration: QEMU, which is not root, may use userfaultfd" vm.unprivileged_userfaultfd=1
  step "the guest of 'image: micro'" "$here/../guest/build.sh"
  ;;
router)
  setting 60-vxmig-router.conf "the underlay's subnets are joined by routing" net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
  ;;
esac
say "$role: done"
