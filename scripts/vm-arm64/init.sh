#!/bin/busybox sh
# Process 1 of the machine: what the tests look for on a machine, a second root where the C library is musl, then the checks. What they say goes to the
# second serial port; the kernel has the first for itself.
/bin/busybox --install -s /bin 2> /dev/null
export PATH=/bin HOME=/tmp TERM=dumb
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /tmp
# Control groups of version 1, which most of the tests are about; those of version 2 have a machine of their own (test:cgroup2).
mount -t tmpfs cgroup /sys/fs/cgroup
for name in cpu memory pids freezer; do
  mkdir /sys/fs/cgroup/$name
  mount -t cgroup -o $name cgroup /sys/fs/cgroup/$name
done
ip link set lo up
insmod /loop.ko
# A mount of its own, which a namespace can have for itself.
mount -o bind /musl /musl
for name in dev proc sys tmp heapkit; do
  mkdir -p /musl/$name
  mount -o rbind /$name /musl/$name
done
chroot /musl /bin/busybox --install -s /bin 2> /dev/null
exec > /dev/ttyS0 2>&1 < /dev/null
stty raw 2> /dev/null < /dev/ttyS0
echo READY
cd /heapkit
node scripts/vm-arm64/guest.js || echo "not ok - the checks ended with status $?"
reboot -f
