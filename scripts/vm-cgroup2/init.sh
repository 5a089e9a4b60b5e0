#!/bin/busybox sh
# Process 1 of the machine: version 2 of control groups with the controllers that the checks are about, then the checks. What they say goes
# to the second serial port; the kernel has the first for itself.
/bin/busybox --install -s /bin
export PATH=/bin HOME=/tmp TERM=dumb
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /tmp
mount -t cgroup2 cgroup2 /sys/fs/cgroup
echo '+memory +cpu +pids' > /sys/fs/cgroup/cgroup.subtree_control
# A file system with a disk below it, so that there are pages of files that the kernel can drop: /, and /tmp, are memory.
insmod /loop.ko
mkdir /disk
truncate -s 96M /tmp/disk
mke2fs -F /tmp/disk > /dev/null 2>&1
mount -t ext4 -o loop /tmp/disk /disk
exec > /dev/ttyS1 2>&1 < /dev/null
stty raw 2> /dev/null < /dev/ttyS1
echo READY
cd /heapkit
node scripts/vm-cgroup2/guest.js || echo "not ok - the checks ended with status $?"
reboot -f
