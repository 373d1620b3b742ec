#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Programs of the OCI validation suite (tests/validation) that want what only the guest has: all
# capabilities, hugetlb, net_cls and net_prio hierarchies, AppArmor. cgroup v1 only, as the suite.
suite=/cruet/validation
cruet=/cruet/build/cruet
number=0

result() {
	number=$((number + 1))
	echo "$1 $number - $2"
}

if [ ! -d $suite ] || [ ! -d /sys/fs/cgroup/net_cls ]; then
	echo "1..0 # SKIP needs the suite and cgroup v1"
	exit 0
fi
cd $suite || exit 1
mount -t tmpfs -o mode=755 run /run
mkdir /run/tmp
export TMPDIR=/run/tmp RUNTIME=$cruet
if command -v apparmor_parser >/dev/null; then
	echo 'profile acme_secure_profile flags=(attach_disconnected) { file, capability, mount, }' |
		apparmor_parser --skip-cache --config-file /dev/null -r
fi
ip link add name one type veth peer name two # linux_cgroups_network wants several
bad=0
for program in process_capabilities linux_cgroups_hugetlb linux_cgroups_relative_hugetlb \
	linux_cgroups_network linux_cgroups_relative_network linux_process_apparmor_profile; do
	timeout 60 ./$program >/run/out 2>/run/err </dev/null
	status=$?
	passed=$(grep -c '^ *ok ' /run/out)
	failed=$(grep '^ *not ok ' /run/out | grep -vc '# TODO')
	if [ $status = 0 ] && [ "$failed" = 0 ] && [ "$passed" -gt 0 ]; then
		result ok "$program: $passed results"
	else
		bad=1
		result "not ok" "$program: status $status, $failed of $((passed + failed)) failed"
		grep '^ *not ok ' /run/out | head -n 10 | sed 's/^/# /'
		head -n 10 /run/err | sed 's/^/# /'
	fi
done
umount /run
echo "1..$number"
exit $bad
