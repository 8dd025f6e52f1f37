#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# `make test-usb`: a Linux guest in QEMU meets the board on USB.
#
# The board is the Verilated shell behind a model of the FT2232H, which QEMU's USB redirection plugs
# into the guest; its network is a TAP device, with this machine's Linux at the other end.  In the
# guest toectl opens and tests the engine, http_get fetches 1 MiB and http_server serves 1 MiB; then the board is
# unplugged in the middle of a transfer, and plugged in again.
#
# The guest's kernel is Debian's, fetched once and unpacked in build/usb; nothing is installed.

set -uo pipefail
cd "$(dirname "$0")/.."
. tools/linux_peer.sh

readonly out=$PWD/build/usb limit_s=${LIMIT_S:-300}
readonly programs=(build/bin/toectl build/bin/http_get build/bin/http_server)

# Debian's kernel for PCs: the one for clouds has no USB.
get_kernel() {
  local package
  [[ ! -f $out/kernel/done ]] || return 0
  package=$(apt-cache depends linux-image-amd64 | awk '/Depends: linux-image-/ {print $2}')
  mkdir -p "$out/kernel"
  (cd "$out/kernel" && apt-get download -q "$package" >apt.log 2>&1) &&
    dpkg-deb -x "$out/kernel"/*.deb "$out/kernel/unpacked" || return 1
  cp "$out"/kernel/unpacked/boot/vmlinuz-* "$out/kernel/vmlinuz"
  mkdir -p "$out/kernel/modules"
  find "$out/kernel/unpacked" '(' -name usb-common.ko -o -name usbcore.ko -o -name xhci-hcd.ko \
    -o -name xhci-pci.ko ')' -exec cp {} "$out/kernel/modules" ';'
  rm -rf "$out/kernel/unpacked" "$out"/kernel/*.deb
  touch "$out/kernel/done"
}

# The programs, what they are linked with, and busybox.
make_initramfs() {
  local root=$out/root file
  rm -rf "$root"
  mkdir -p "$root"/{bin,dev,proc,sys,modules}
  cp tools/usb_guest_init.sh "$root/init"
  cp /bin/busybox "${programs[@]}" "$root/bin"
  cp "$out"/kernel/modules/*.ko "$root/modules"
  while read -r file; do
    mkdir -p "$root$(dirname "$file")"
    cp -L "$file" "$root$file"
  done < <(ldd "${programs[@]}" | grep -oE '/[^ :]+\.so[^ :]*' | sort -u)
  (cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1) >"$out/initramfs.gz"
}

if [[ ${1-} != inside ]]; then
  mkdir -p "$out"
  get_kernel || die "no kernel for the guest: $(tail -n 3 "$out/kernel/apt.log")"
  make_initramfs
fi
need_tap "$out" "$@"

# Waits for a line of the guest; what comes after $1 is in $heard.
console=$out/console.log
hear() {
  local words=$1 line
  while ((SECONDS < limit_s)); do
    line=$(tr -d '\r' <"$console" | grep -am 1 "^guest: $words") && {
      heard=${line#guest: "$words"}
      return
    }
    kill -0 "$qemu" 2>/dev/null || break
    sleep 0.1
  done
  tail -n 30 "$console" >&2
  die "the guest did not say \"$words\""
}
at() { awk '{print $1}' /proc/uptime; }

mkdir -p "$out/www" "$out/got"
head -c 1048576 /dev/urandom >"$out/www/file.bin"
sum=$(sha256sum <"$out/www/file.bin" | cut -d ' ' -f 1)
serve_files "$out"
serve "$out/board.log" ready build/bin/redir_board "$out/redir.sock" toe0
board=${started[-1]}

# Some machines have /dev/kvm without a processor that could run any kernel.
accel=${ACCEL-}
if [[ -z $accel ]]; then
  accel=tcg
  [[ -w /dev/kvm ]] && grep -qE '^flags.* (vmx|svm) ' /proc/cpuinfo && accel=kvm
fi
echo "the guest runs with $accel"
: >"$console"
begin=$(at)
qemu-system-x86_64 -accel "$accel" -m 512 -nodefaults -no-user-config -nographic -no-reboot \
  -kernel "$out/kernel/vmlinuz" -initrd "$out/initramfs.gz" \
  -append 'console=ttyS0 quiet panic=-1' -serial "file:$console" \
  -device qemu-xhci -chardev "socket,id=board,path=$out/redir.sock" \
  -device usb-redir,chardev=board </dev/null >"$out/qemu.log" 2>&1 &
qemu=$!
started+=("$qemu")

hear 'up after '
echo "the guest is up after $heard"
hear 'toectl reached'
echo 'toectl reached the engine'
hear 'the self-test passed'
echo 'toectl tested the engine'
hear 'fetched '
[[ $heard == "$sum" ]] || die 'the guest fetched something else'
echo "the guest fetched 1 MiB from Linux: $(tr -d '\r' <"$console" | grep -am 1 'bit/s')"

hear 'serves '
served=$heard
curl --silent --show-error --fail --max-time "$limit_s" --retry 20 --retry-delay 1 \
  --retry-connrefused --output "$out/got/file.bin" \
  --write-out 'Linux fetched 1 MiB from the guest: %{speed_download} octets/s\n' \
  "http://$engine_ip/file.bin" || die 'curl'
[[ $(sha256sum <"$out/got/file.bin" | cut -d ' ' -f 1) == "$served" ]] || die 'curl fetched something else'

hear 'fetches, to be unplugged'
kill -USR1 "$board"
hear 'lost the engine'
echo 'unplugged in the middle of a transfer: the engine is lost, and http_get says so'
hear 'fetched again '
[[ $heard == "$sum" ]] || die 'the guest fetched something else after it was plugged in'
echo 'plugged in again: the guest fetched 1 MiB'
hear 'done'
wait "$qemu"
unset 'started[-1]'
wait_last
tail -n 1 "$out/board.log"
awk -v begin="$begin" '{printf "%.0f s in all\n", $1 - begin}' /proc/uptime
