#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# linux.seccomp: actions, arguments, errno, architectures, flags, with and without no_new_privs.
. "$(dirname "$0")/lib.sh"

seccomp() { # PROFILE SCRIPT [FILTER]
	container "$2" ".linux.seccomp=$1|${3:-.}"
}
deny() { # SYSCALL ACTION [MORE]: everything else allowed
	case $1 in mkdir) names='"mkdir","mkdirat"' ;; *) names="\"$1\"" ;; esac # newer architectures have the second only
	printf '{defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:[%s],action:"%s"%s}]}' "$names" "$2" "${3:-}"
}
# What differs between machines: the number of SIGSYS, as an exit status; where system calls' numbers begin;
# how wide an argument is.
killed=159 first=0 wide=true
case $(uname -m) in mips) killed=140 first=4000 ;; esac
case $(uname -m) in arm* | mips | i?86) wide=false ;; esac
filters() { say "$out" | sed -n 's/^Seccomp_filters:.//p'; }

container 'grep Seccomp /proc/self/status' .
is "$(filters)" "${FILTERS:-0}" "no profile: no filter"
for nnp in true false; do
	seccomp "$(deny mkdir SCMP_ACT_ERRNO)" 'probe syscall mkdir :/tmp/x 0777; probe syscall getpid; grep -E "Seccomp|NoNewPrivs" /proc/self/status' ".process.noNewPrivileges=$nnp"
	is "$(say "$out" | head -n 2)" "$(printf 'EPERM\n%s' "$(say "$out" | sed -n 2p)")" "ERRNO is EPERM, noNewPrivileges $nnp"
	is "$(filters)" $((${FILTERS:-0} + 1)) "one filter"
	like "$out" "NoNewPrivs:.$([ $nnp = true ] && echo 1 || echo 0)" "noNewPrivileges is $nnp"
	seccomp "$(deny mkdir SCMP_ACT_ERRNO)" 'probe syscall mkdir :/tmp/x 0777' ".process.noNewPrivileges=$nnp|.process.user.uid=1000|del(.process.capabilities)"
	is "$out" EPERM "as a user without capabilities, noNewPrivileges $nnp"
done
seccomp "$(deny mkdir SCMP_ACT_ERRNO ,errnoRet:34)" 'probe syscall mkdir :/tmp/x 0777'
is "$out" ERANGE "errnoRet"
seccomp "$(deny mkdir SCMP_ACT_ERRNO ,errnoRet:0)" 'probe syscall mkdir :/tmp/x 0777'
is "$out" 0 "errnoRet 0"
seccomp "$(deny mkdir SCMP_ACT_KILL)" 'probe syscall mkdir :/tmp/x 0777; echo "status $?"'
is "$out" "status $killed" "KILL"
seccomp "$(deny mkdir SCMP_ACT_KILL_PROCESS)" 'probe syscall mkdir :/tmp/x 0777; echo "status $?"'
is "$out" "status $killed" "KILL_PROCESS"
seccomp "$(deny mkdir SCMP_ACT_KILL_THREAD)" 'probe syscall mkdir :/tmp/x 0777; echo "status $?"'
is "$out" "status $killed" "KILL_THREAD"
seccomp "$(deny mkdir SCMP_ACT_TRAP)" 'probe syscall mkdir :/tmp/x 0777; echo "status $?"'
is "$out" "status $killed" "TRAP"
seccomp "$(deny mkdir SCMP_ACT_TRACE)" 'probe syscall mkdir :/tmp/x 0777'
is "$out" ENOSYS "TRACE without a tracer"
seccomp "$(deny mkdir SCMP_ACT_LOG)" 'probe syscall mkdir :/dev/shm/x 0777'
is "$out" 0 "LOG"
seccomp "$(deny mkdir SCMP_ACT_ALLOW)" 'probe syscall mkdir :/dev/shm/x 0777'
is "$out" 0 "a rule that is the default action"
seccomp '{defaultAction:"SCMP_ACT_LOG",syscalls:[]}' 'probe syscall mkdir :/dev/shm/x 0777'
is "$out" 0 "default LOG"

# the default refuses, a list allows: what the runtime itself does after loading must not need more
# Those of 32 bits, of ARM and of MIPS are among them: libseccomp passes over what a machine has not.
ALLOWED='"sigreturn","set_tls","set_thread_area","cacheflush","mmap2","_llseek","ugetrlimit","waitpid","fstat64","stat64","lstat64","fstatat64","statx","fcntl64","getuid32","geteuid32","getgid32","getegid32","clock_gettime64","access","arch_prctl","brk","close","dup","dup2","dup3","execve","exit","exit_group","fcntl","fork","clone","clone3","vfork","fstat","newfstatat","stat","lstat","getcwd","getdents64","getegid","geteuid","getgid","getpgrp","getpid","getppid","getuid","ioctl","lseek","mmap","mprotect","munmap","open","openat","pipe","pipe2","prlimit64","read","readlink","readlinkat","rt_sigaction","rt_sigprocmask","rt_sigreturn","rseq","set_robust_list","set_tid_address","sigaltstack","statx","uname","wait4","write","writev","getrandom","futex","poll","umask","personality","setsid","sched_getscheduler","sched_getparam"'
LIST="{defaultAction:\"SCMP_ACT_ERRNO\",defaultErrnoRet:7,syscalls:[{names:[$ALLOWED],action:\"SCMP_ACT_ALLOW\"}]}"
for nnp in true false; do
	seccomp "$LIST" 'probe syscall mkdir :/tmp/x 0777; probe syscall getpid >/dev/null; exit 3' ".process.noNewPrivileges=$nnp"
	is "$status:$out" 3:E2BIG "a list of allowed calls, noNewPrivileges $nnp; defaultErrnoRet"
done
seccomp "$(deny getcwd SCMP_ACT_ERRNO)" 'probe syscall getcwd 0 0; probe syscall getpid >/dev/null'
is "$out" EPERM "a filter on getcwd, which the runtime used before"
for call in close_range fcntl close read write openat ppoll poll select chdir setgroups setuid capset prctl; do
	seccomp "$(deny $call SCMP_ACT_KILL)" 'exit 3' '.process.noNewPrivileges=true|.process.args=["/bin/probe","none"]'
	case $status in
	125 | "$killed") pass "a filter on $call does not hit the runtime" ;;
	*) fail "a filter on $call does not hit the runtime" ;;
	esac
done
seccomp '{defaultAction:"SCMP_ACT_KILL_PROCESS",syscalls:[{names:["execve"],action:"SCMP_ACT_ALLOW"}]}' 'exit 3' '.process.noNewPrivileges=true'
is "$status" "$killed" "nothing but execve allowed: it gets that far, and not further"

# newer calls than the profile knows: ENOSYS, so that libraries fall back
seccomp "$LIST" "probe syscall $((first + 470)); probe syscall $((first + 999))"
is "$(say "$out" | tail -n 1)" ENOSYS "a call newer than the profile and libseccomp is ENOSYS, not the default errno"

# arguments
args() { # ARGS-JSON NUMBERS WANTED NAME: personality(n) is refused for some n
	script=$(for n in $2; do printf 'probe syscall personality %s;' "$n"; done)
	seccomp "$(deny personality SCMP_ACT_ERRNO ",errnoRet:7,args:$1")" "$script"
	is "$(say "$out" | sed 's/^[0-9].*/ok/; s/E2BIG/no/' | tr '\n' ' ')" "$3 " "$4"
}
args '[{index:0,value:8,op:"SCMP_CMP_EQ"}]' "8 0 0xffffffff" "no ok ok" "EQ"
args '[{index:0,value:8,op:"SCMP_CMP_NE"}]' "8 0" "ok no" "NE"
args '[{index:0,value:8,op:"SCMP_CMP_LT"}]' "0 8 0xffffffff" "no ok ok" "LT"
args '[{index:0,value:8,op:"SCMP_CMP_LE"}]' "0 8 0xffffffff" "no no ok" "LE"
args '[{index:0,value:8,op:"SCMP_CMP_GE"}]' "0 8 0xffffffff" "ok no no" "GE"
args '[{index:0,value:8,op:"SCMP_CMP_GT"}]' "0 8 0xffffffff" "ok ok no" "GT"
args '[{index:0,value:8,valueTwo:8,op:"SCMP_CMP_MASKED_EQ"}]' "8 0 0xffffffff" "no ok no" "MASKED_EQ"
args '[{index:0,value:8,op:"SCMP_CMP_EQ"},{index:0,value:0,op:"SCMP_CMP_EQ"}]' "8 0 0xffffffff" "no no ok" "the same index twice: either"
args '[{index:0,value:8,op:"SCMP_CMP_EQ"},{index:1,value:77,op:"SCMP_CMP_EQ"}]' "8" "ok" "two indexes: both"
args '[{index:0,value:4294967295,op:"SCMP_CMP_EQ"}]' "0xffffffff 0" "no ok" "a value of 32 bits"
seccomp "$(deny close SCMP_ACT_ERRNO ',errnoRet:7,args:[{index:0,value:"@MAX@",op:"SCMP_CMP_EQ"}]')" 'probe syscall close -1; probe syscall close 4294967295'
if $wide; then other=EBADF; else other=E2BIG; fi # -1 is the same number in 32 bits
is "$(say "$out" | tr '\n' ' ')" "E2BIG $other " "a value of 64 bits"
seccomp '{defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["personality"],action:"SCMP_ACT_ERRNO",errnoRet:7,args:[{index:0,value:8,op:"SCMP_CMP_EQ"}]},{names:["personality"],action:"SCMP_ACT_ERRNO",errnoRet:8,args:[{index:0,value:0,op:"SCMP_CMP_EQ"}]}]}' \
	'probe syscall personality 8; probe syscall personality 0; probe syscall personality 0xffffffff'
is "$(say "$out" | sed 's/^[0-9].*/ok/' | tr '\n' ' ')" "E2BIG ENOEXEC ok " "two rules for one call with different errnos"

# names, architectures, flags
seccomp '{defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["no_such_call","mkdir","mkdirat"],action:"SCMP_ACT_ERRNO"}]}' 'probe syscall mkdir :/tmp/x 0777'
is "$out" EPERM "an unknown name is no error"
if [ "$(uname -m)" = x86_64 ]; then
	seccomp "$LIST" 'probe int80 20; echo "status $?"'
	unlike "$out" "^ok" "only the native architecture: 32-bit calls are not let through"
	seccomp "$(deny mkdir SCMP_ACT_ERRNO | sed 's/}$/,architectures:["SCMP_ARCH_X86_64","SCMP_ARCH_X86","SCMP_ARCH_X32"]}/')" 'probe int80 20; probe int80 39; probe syscall mkdir :/tmp/x 0777'
	is "$(say "$out" | tr '\n' ' ')" "ok EPERM EPERM " "architectures that are listed have the rules too"
	seccomp "$(deny mkdir SCMP_ACT_ERRNO | sed 's/}$/,architectures:["SCMP_ARCH_X86_64","SCMP_ARCH_AARCH64","SCMP_ARCH_MIPS"]}/')" 'probe syscall mkdir :/tmp/x 0777'
	is "$out" EPERM "architectures that this machine does not run are no error"
	for name in ARM AARCH64 MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PPC PPC64 PPC64LE S390 S390X PARISC PARISC64 RISCV64 LOONGARCH64; do
		printf '"SCMP_ARCH_%s",' $name
	done >$T/foreign
	seccomp "$(deny mkdir SCMP_ACT_ERRNO | sed "s/}\$/,architectures:[$(cat $T/foreign)\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\"]}/")" 'probe int80 20; probe int80 39; probe syscall mkdir :/tmp/x 0777'
	is "$(say "$out" | tr '\n' ' ')" "ok EPERM EPERM " "the two that it does run count behind all others, and behind one that libseccomp does not know"
	seccomp "$(deny mkdir SCMP_ACT_ERRNO | sed 's/}$/,architectures:["SCMP_ARCH_X86"]}/')" 'probe syscall mkdir :/tmp/x 0777'
	is "$out" EPERM "the native one is there even when only another is listed"
fi
for flags in '[]' '["SECCOMP_FILTER_FLAG_LOG"]' '["SECCOMP_FILTER_FLAG_TSYNC"]' '["SECCOMP_FILTER_FLAG_SPEC_ALLOW"]' '["SECCOMP_FILTER_FLAG_LOG","SECCOMP_FILTER_FLAG_SPEC_ALLOW"]'; do
	seccomp "$(deny mkdir SCMP_ACT_ERRNO | sed "s/}\$/,flags:$flags}/")" 'probe syscall mkdir :/tmp/x 0777; grep Speculation_Store /proc/self/status'
	like "$out" '^EPERM' "flags $flags"
done
refused '.linux.seccomp={defaultAction:"SCMP_ACT_ALLOW",defaultErrnoRet:1}' "defaultErrnoRet" "defaultErrnoRet with ALLOW"
refused '.linux.seccomp={defaultAction:"SCMP_ACT_ERRNO",syscalls:[{names:["mkdir"],action:"SCMP_ACT_ALLOW",errnoRet:1}]}' "errnoRet" "errnoRet with ALLOW"
refused '.linux.seccomp={defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["mkdir"],action:"SCMP_ACT_KILL",errnoRet:1}]}' "errnoRet" "errnoRet with KILL"
refused '.linux.seccomp={defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["mkdir"],action:"SCMP_ACT_ERRNO",errnoRet:70000}]}' "errnoRet" "errnoRet out of range"
refused '.linux.seccomp={defaultAction:"SCMP_ACT_NOTIFY"}' "NOTIFY|defaultAction" "NOTIFY as the default"
refused '.linux.seccomp={defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["mkdir"],action:"SCMP_ACT_NOTIFY"}]}' "NOTIFY|listenerPath" "NOTIFY without a listener"

# the cache: a second run, and damaged or foreign files in it
for round in 1 2 3; do
	seccomp "$(deny mkdir SCMP_ACT_ERRNO ,errnoRet:7)" 'probe syscall mkdir :/tmp/x 0777'
	is "$out" E2BIG "run $round of the same profile"
done
find $STATE -path "$STATE/.*" -type f >$T/cache
while read -r file; do
	head -c 100 /dev/zero >"$file"
done <$T/cache
seccomp "$(deny mkdir SCMP_ACT_ERRNO ,errnoRet:7)" 'probe syscall mkdir :/tmp/x 0777'
is "$status:$out" 0:E2BIG "with every file of the cache damaged"
seccomp "$(deny mkdir SCMP_ACT_ERRNO ,errnoRet:8)" 'probe syscall mkdir :/tmp/x 0777'
is "$out" ENOEXEC "another profile"
finish
