# SPDX-License-Identifier: Apache-2.0
#
# For scripts that put the simulated engine on a TAP device against the Linux kernel, in a network
# namespace of their own.  Source it from the project's root.

readonly linux_ip=10.77.0.1 engine_ip=10.77.0.2
readonly uri="sim:tap=toe0,peer=$linux_ip/24,ip=$engine_ip/24,check=1"

# Goes on in a new namespace with a TAP device toe0, running the script again with "inside" as its
# first argument.  Returns, with the reason in $no_tap, where no TAP device can be had.
enter_namespace() {
  local flags=(--net)
  ((EUID == 0)) || flags=(--net --user --map-root-user)
  if no_tap=$(unshare "${flags[@]}" ip tuntap add dev toe0 mode tap 2>&1); then
    exec unshare "${flags[@]}" "$0" inside "$@"
  fi
}

make_tap() {
  ip link set lo up
  ip tuntap add dev toe0 mode tap
  ip address add "$linux_ip/24" dev toe0
  ip link set toe0 up
}

# For tests: what follows happens in such a namespace, with toe0 up; fails where it cannot.
# FOLDER ARGUMENTS: where files go; the script's own arguments.
need_tap() {
  local folder=$1
  shift
  if [[ ${1-} != inside ]]; then
    enter_namespace
    die "no TAP device: $no_tap"
  fi
  mkdir -p "$folder"
  make_tap
}

started=()
cleanup() { ((${#started[@]} == 0)) || kill "${started[@]}" 2>/dev/null; }
trap cleanup EXIT

# Shows what the server that was started last has said: an engine that differs from its model says so.
die() {
  [[ -z ${last_log-} ]] || tail -n 80 "$last_log" >&2
  printf '\nFAILED: %s\n' "$*" >&2
  exit 1
}

# Runs a server in the background, and waits until it says that it is there.
serve() {
  local log=$1 word=$2
  shift 2
  "$@" >"$log" 2>&1 &
  started+=($!)
  last_log=$log
  for _ in {1..100}; do
    grep -qs "$word" "$log" && return
    kill -0 "${started[-1]}" 2>/dev/null || break
    sleep 0.05
  done
  die "$1 did not start"
}

# Serves the files of FOLDER/www at http://$linux_ip:8080/.
serve_files() {
  local folder=$1 nginx
  mkdir -p "$folder/nginx"
  cat >"$folder/nginx/conf" <<CONF
daemon off;
master_process off;
pid $folder/nginx/pid;
error_log stderr notice;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path $folder/nginx/body;
  proxy_temp_path $folder/nginx/proxy;
  fastcgi_temp_path $folder/nginx/fastcgi;
  uwsgi_temp_path $folder/nginx/uwsgi;
  scgi_temp_path $folder/nginx/scgi;
  server {
    listen $linux_ip:8080;
    root $folder/www;
  }
}
CONF
  nginx=$(PATH=$PATH:/usr/sbin command -v nginx) || die 'nginx is not installed'
  serve "$folder/nginx.log" 'start worker\|using the' "$nginx" -e stderr -c "$folder/nginx/conf"
}

# Wants a good end of the server that was started last; stop_last asks it to end, as a user would.
wait_last() {
  local pid=${started[-1]}
  unset 'started[-1]'
  wait "$pid" || die "server $pid ended with $?"
}
stop_last() {
  kill -TERM "${started[-1]}"
  wait_last
}

same() { [[ $(sha256sum <"$1") == $(sha256sum <"$2") ]] || die "$2 is not $1"; }
