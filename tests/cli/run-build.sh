#!/bin/sh
# verify run with builds that fail in every way a build can: each has its own message and
# exit status 3, and leaves neither processes nor folders.
set -eu
export TMPDIR="$PWD/tmp"
mkdir tmp

# The toolchain is made of this machine's own sh, cat and a few more, pinned one by one.
"$VERIFY" toolchain pin --host tar --host rm --host cat --host sleep --host dd --host mkdir --host id \
	--name small -o small.toolchain
"$VERIFY" toolchain fetch small.toolchain

printf 'echo built from source\n' >program.sh
mkdir tree
printf 'built from source\n' >tree/program
tar --sort=name --owner=0 --group=0 --mtime=@0 -C tree -cf product.tar program
tar -cf source.tar program.sh

# release STEP...: a release whose build has these steps.
release() {
	{
		echo 'Format: verify-release 1'
		echo 'Name: small'
		echo 'Version: 1'
		echo 'Toolchain: small.toolchain'
		echo "Toolchain-SHA256: $(sha256sum small.toolchain | cut -d' ' -f1)"
		echo
		echo 'Product: product.tar'
		echo "SHA256: $(sha256sum product.tar | cut -d' ' -f1)"
		echo
		echo 'Source: source.tar'
		echo "SHA256: $(sha256sum source.tar | cut -d' ' -f1)"
		echo 'Unpack: src'
		echo
		echo 'Build:'
		for step in "$@"; do echo " $step"; done
		echo
		echo 'Output: program'
		echo 'Built: out/program'
	} >b.release
}

# run STATUS REASON: run b.release; that exit status, and the reason in the report.
run() {
	status=0
	"$VERIFY" run b.release --json f.json --text f.txt 2>err || status=$?
	if [ "$status" -ne "$1" ] || ! tr '\n' ' ' <f.txt | tr -s ' ' | grep -q -- "$2"; then
		echo "exit $status, not $1 with '$2'"
		cat err f.txt
		exit 1
	fi
	left=$(ls tmp)
	test -z "$left" || { echo "left behind: $left"; exit 1; }
}

release 'mkdir out' 'sh src/program.sh >out/program'
run 0 reproduced
grep -q weak f.txt

# As an ordinary user inside, with a clean environment and the declared names.
release 'mkdir out' 'test "$(id -u)" = 1000' 'test -z "${SECRET:-}"' 'test "$USER" = builder' \
	'cat /proc/sys/kernel/hostname' 'sh src/program.sh >out/program'
SECRET=hidden run 0 reproduced

release 'mkdir out' 'exit 7'
run 3 'exit status 7'
test "$(jq -r .build.result f.json)" = failed
test "$(jq -r .build.step f.json)" = 2
release 'no-such-program'
run 3 'no-such-program'

# The build that reaches for the network or the host gets nothing.
release 'mkdir out' 'test ! -e /home' "test ! -e '$PWD'" 'test ! -e /sys/class/net/eth0' \
	'sh src/program.sh >out/program'
run 0 reproduced

# alive: is the marked process of a build there? gone: it soon is not.
alive() { ps -eo args | grep -v grep | grep -q "sleep $mark"; }
wait_for() {
	for _ in $(seq 1 120); do
		"$@" && return
		sleep 0.25
	done
	echo "not within 30 seconds: $*"
	exit 1
}
dead() { ! alive; }
gone() { wait_for dead; }

# limit NAME VALUE: the toolchain with another limit.
limit() {
	"$VERIFY" toolchain show small.toolchain >/dev/null
	sed -i "s/\($1\) [0-9]*[a-zA-Z]*/\1 $2/" small.toolchain
	grep -q "$1 $2" small.toolchain
}
cp small.toolchain kept.toolchain
limit wall 2s
release 'sleep 60'
run 3 'limit of 2 seconds'
cp kept.toolchain small.toolchain
limit log 1M
release 'while :; do echo flood flood flood flood flood flood flood; done'
run 3 'log'
cp kept.toolchain small.toolchain
limit disk 8M
release 'dd if=/dev/zero of=big bs=1M count=64'
run 3 'disk'
cp kept.toolchain small.toolchain
limit processes 20
release 'f() { f | f & }' 'f' 'sleep 1' 'wait' 'exit 1'
run 3 'process'
cp kept.toolchain small.toolchain

# A daemon that the build leaves behind is dead when verify ends.
mark=7$$.25
release "sleep $mark &" 'mkdir out' 'sh src/program.sh >out/program'
run 0 reproduced
dead || {
	echo "a process of the build outlived verify: sleep $mark"
	exit 1
}

# Interrupted in the middle: nothing is left, and the exit is by the signal.
mark=8$$.25
release "sleep $mark"
status=0
"$VERIFY" run b.release >/dev/null 2>err &
child=$!
wait_for alive
kill -TERM $child
wait $child || status=$?
test "$status" -eq 143
gone
test -z "$(ls tmp)"

# Killed: its processes die with it.
mark=9$$.25
release "sleep $mark"
"$VERIFY" run b.release >/dev/null 2>err &
child=$!
wait_for alive
kill -KILL $child
wait $child || true
gone
