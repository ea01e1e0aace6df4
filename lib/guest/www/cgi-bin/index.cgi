#!/bin/busybox sh
# The page at /: proof of life for people and scripts, with an uptime that a restarted guest could not have.
. /www/query.sh
respond '200 OK'
read -r uptime _ </proc/uptime
echo "vxmig guest $(hostname)"
echo "uptimeSeconds $uptime"
echo "availableMiB $(available_mib)"
ip -o addr show scope global | awk '{print "address " $2 " " $4}'
