#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
#
# The first and only process of the guest of tools/test_usb.sh.  What it says goes to the console, where
# the script outside reads the lines that begin with "guest:".

/bin/busybox --install -s /bin
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
for module in usb-common usbcore xhci-hcd xhci-pci; do insmod "/modules/$module.ko"; done

peer=10.77.0.1
uri=usb:mode=fifo,ip=10.77.0.2/24

say() { echo "guest: $*"; }
end() {
  say "$*"
  sync
  poweroff -f
}
sum() { sha256sum "$1" | cut -d ' ' -f 1; }
board() { grep -qs 6010 /sys/bus/usb/devices/*/idProduct; }
await_board() {
  i=0
  until board; do
    i=$((i + 1))
    [ "$i" -lt 300 ] || end 'no board on USB'
    sleep 0.1
  done
}

fetch() {
  http_get --uri "$uri" --output /fetched "http://$peer:8080/file.bin" 2>&1
}

echo # what the firmware left on the line
await_board
say "up after $(cut -d ' ' -f 1 /proc/uptime) s"
toectl --uri "$uri" info 2>&1 || end 'toectl does not reach the engine'
say toectl reached the engine
toectl selftest --uri "$uri" 2>&1 || end 'the self-test failed'
say the self-test passed

fetch || end 'http_get failed'
say "fetched $(sum /fetched)"

mkdir /www
head -c 1048576 /dev/urandom >/www/file.bin
say "serves $(sum /www/file.bin)"
http_server --uri "$uri" --port 80 --count 1 /www 2>&1 || end 'http_server failed'

say 'fetches, to be unplugged'
sleep 1
fetch >/lost && end 'http_get did not mind that the board was gone'
grep -q 'engine was lost' /lost || { cat /lost; end 'http_get ended, but not for the loss of the engine'; }
say lost the engine
while board; do sleep 0.1; done
await_board
fetch || end 'http_get failed after the board was plugged in again'
say "fetched again $(sum /fetched)"
end 'done'
