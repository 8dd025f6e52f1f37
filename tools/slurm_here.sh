#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A Slurm cluster of one node, on this machine's loopback, for as long as one command runs:
#
#   slurm_here.sh FOLDER COMMAND...   runs COMMAND with SLURM_CONF set, then ends the cluster
#
# FOLDER holds the key, the configuration, the state and the logs.  The daemons are not Debian's
# services and know nothing of them: other ports, other sockets, the caller's own user.

set -euo pipefail

die() {
  printf 'slurm_here: %s\n' "$*" >&2
  exit 1
}

(($# >= 2)) || die 'usage: slurm_here.sh FOLDER COMMAND...'
mkdir -p "$1"
folder=$(cd "$1" && pwd)
shift

for tool in munged slurmctld slurmd sinfo; do
  PATH=$PATH:/usr/sbin command -v "$tool" >/dev/null ||
    die "$tool is missing: tools/setup.sh installs it (Debian: munge, slurmctld, slurmd, slurm-client)"
done
PATH=$PATH:/usr/sbin

pids=()
stop() {
  local pid
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do
    timeout 10 tail --pid="$pid" -f /dev/null 2>/dev/null || kill -KILL "$pid" 2>/dev/null || true
  done
  rm -rf "$munge"
}

# Two ports that nobody listens on now.
free_ports() {
  python3 - <<'PYTHON'
import socket
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(s.getsockname()[1] for s in held))
PYTHON
}

# A socket's path may be 107 octets long, and a key must lie where nobody else can write.
munge=$(mktemp -d)
trap stop EXIT

start_munge() {
  local args=(--key-file "$munge/key" --socket "$munge/socket" --pid-file "$munge/pid"
    --log-file "$munge/log" --seed-file "$munge/seed" --foreground --force --num-threads 2)
  chmod 711 "$munge"
  (umask 077 && head -c 128 /dev/urandom >"$munge/key")
  munged "${args[@]}" >"$folder/munged.log" 2>&1 &
  pids+=($!)
}

write_config() {
  local ctld_port slurmd_port user cpus
  read -r ctld_port slurmd_port < <(free_ports)
  user=$(id -un)
  cpus=$(nproc)
  rm -rf "$folder/state" "$folder/spool"
  mkdir -p "$folder/state" "$folder/spool"
  cat >"$folder/slurm.conf" <<CONF
ClusterName=here
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=$ctld_port
SlurmdPort=$slurmd_port
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$munge/socket
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,sched_min_interval=0
ReturnToService=2
MailProg=/bin/true
MpiDefault=none
NodeName=here NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 CPUs=$cpus State=UNKNOWN
PartitionName=all Nodes=here Default=YES MaxTime=INFINITE State=UP
CONF
}

start_slurm() {
  slurmctld -D -c -f "$folder/slurm.conf" >"$folder/slurmctld.out" 2>&1 &
  pids=("$!" "${pids[@]}")
  slurmd -D -N here -f "$folder/slurm.conf" >"$folder/slurmd.out" 2>&1 &
  pids=("$!" "${pids[@]}")
}

# The node takes jobs once it has told the controller what it is.
wait_for_node() {
  local deadline=$((SECONDS + 30))
  until [[ $(sinfo --noheader --format=%T 2>/dev/null) == idle ]]; do
    if ((SECONDS >= deadline)); then
      tail -n 20 "$folder"/*.log "$folder"/*.out >&2 || true
      die "the node is not idle after 30 s: $(sinfo 2>&1 || true)"
    fi
    sleep 0.2
  done
}

start_munge
write_config
export SLURM_CONF=$folder/slurm.conf
start_slurm
wait_for_node
"$@"
