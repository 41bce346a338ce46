/**
 * Which calls of Linux a container may make; whatever is not here fails with EPERM.
 *
 * The names are those that Docker's own profile lets a container without capabilities use (moby/profiles, `seccomp/default.json`,
 * June 2026). Engines differ in theirs by their age, so all get this one; and it lets pass less, for what a container without
 * network and rights can still do to the machine:
 *
 * 1. No socket but those of files, of the internet's families and for asking which interfaces there are: AF_VSOCK leads to the
 *    machine below, and knows no namespaces. No io_uring, which makes sockets without asking here.
 * 2. No file becomes setuid or setgid: on the machine it would be one of the user that commands run as.
 * 3. No process looks into another one (ptrace, process_vm_readv).
 * 4. No room on a disk is taken but by writing to it, so that it can be seen in time.
 * 5. No programs of 32 bits, whose calls could not be looked at so closely.
 *
 * Linux reads the lower 32 bits of most arguments, so no others are compared.
 */

/** Calls that may have any arguments. */
const ANY_ARGUMENTS = `
  access cachestat chdir chown chown32 close close_range copy_file_range dup dup2 dup3 faccessat faccessat2 fadvise64 fadvise64_64
  fchdir fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr flistxattr flock fremovexattr fsetxattr fstat fstat64 fstatat64
  fstatfs fstatfs64 fsync ftruncate ftruncate64 futimesat getcwd getdents getdents64 getxattr getxattrat lchown lchown32 lgetxattr
  link linkat listmount listxattr listxattrat llistxattr lremovexattr _llseek lseek lsetxattr lstat lstat64 mkdir mkdirat
  name_to_handle_at newfstatat readahead readlink readlinkat removexattr removexattrat rename renameat renameat2 rmdir setxattr
  setxattrat stat stat64 statfs statfs64 statmount statx symlink symlinkat sync sync_file_range sync_file_range2 syncfs truncate
  truncate64 umask unlink unlinkat utime utimensat utimensat_time64 utimes

  inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents io_pgetevents
  io_pgetevents_time64 io_setup io_submit pipe pipe2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readv sendfile sendfile64
  splice tee vmsplice write writev

  epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 _newselect
  poll ppoll ppoll_time64 pselect6 pselect6_time64 select signalfd signalfd4

  brk madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall mmap mmap2 mprotect mremap mseal
  msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect remap_file_pages

  arch_prctl capget capset execve execveat exit exit_group fork getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups
  getgroups32 getpgid getpgrp getpid getppid getpriority getresgid getresgid32 getresuid getresuid32 getrlimit getrusage getsid
  gettid getuid getuid32 ioprio_get ioprio_set landlock_add_rule landlock_create_ruleset landlock_restrict_self pidfd_open prctl
  prlimit64 process_mrelease seccomp setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setpgid
  setpriority setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setrlimit set_tid_address setsid
  setuid setuid32 ugetrlimit vfork wait4 waitid waitpid

  futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake getcpu get_robust_list get_thread_area rseq sched_getaffinity
  sched_getattr sched_getparam sched_get_priority_max sched_get_priority_min sched_getscheduler sched_rr_get_interval
  sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield set_robust_list
  set_thread_area set_tls

  kill pause pidfd_send_signal restart_syscall rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend
  rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaltstack sigprocmask sigreturn tgkill tkill uretprobe

  adjtimex alarm clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep
  clock_nanosleep_time64 getitimer gettimeofday nanosleep setitimer time timer_create timer_delete timer_getoverrun timer_gettime
  timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime
  timerfd_settime64 times

  ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink msgctl msgget
  msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget

  accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg recvmmsg_time64 recvmsg send sendmmsg
  sendmsg sendto setsockopt shutdown

  getrandom sysinfo uname

  arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush riscv_flush_icache riscv_hwprobe s390_pci_mmio_read
  s390_pci_mmio_write s390_runtime_instr swapcontext
`;

const ENOSYS = 38;
const EOPNOTSUPP = 95;

/** S_ISUID and S_ISGID of a file's mode. */
const SETUID_BITS = 0o6000;
/** O_CREAT and __O_TMPFILE: without them no mode counts, and there may be anything in its place. */
const MAKES_A_FILE = 0o20000100;
/** CLONE_NEWNS, …CGROUP, …UTS, …IPC, …USER, …PID, …NET. */
const NEW_NAMESPACES = 0x7e020000;
const LOWER_32_BITS = 0xffffffff;
const [AF_UNIX, AF_INET, AF_INET6, AF_NETLINK] = [1, 2, 10, 16];
const NETLINK_ROUTE = 0;
/** Of a number of an ioctl, the byte that says of what kind it is. */
const IOCTL_KIND = 0xff00;
/** Those of XFS, with which every file system takes room for a file (`FS_IOC_RESVSP64`). */
const XFS_IOCTLS = 0x5800;
/** PER_LINUX, PER_LINUX32, both with UNAME26, and asking which one it is. */
const PERSONALITIES = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff];

/** That of an argument, by its number, these bits are those. */
interface Condition {
  readonly index: number;
  readonly op: 'SCMP_CMP_MASKED_EQ';
  /** The bits that are compared. */
  readonly value: number;
  readonly valueTwo: number;
}

interface Rule {
  readonly names: readonly string[];
  readonly action: 'SCMP_ACT_ALLOW' | 'SCMP_ACT_ERRNO';
  readonly errnoRet?: number;
  /** All of them must hold; of rules for the same call, one. */
  readonly args?: readonly Condition[];
  readonly includes?: { readonly arches: readonly string[] };
  readonly excludes?: { readonly arches: readonly string[] };
}

const S390 = { arches: ['s390', 's390x'] };

const RULES: readonly Rule[] = [
  { names: ANY_ARGUMENTS.trim().split(/\s+/), action: 'SCMP_ACT_ALLOW' },
  ...[AF_UNIX, AF_INET, AF_INET6].map((family) => allow('socket', is(0, family))),
  allow('socket', is(0, AF_NETLINK), is(2, NETLINK_ROUTE)),
  allow('socketpair', is(0, AF_UNIX)),
  ...['chmod', 'fchmod', 'creat', 'mknod'].map((name) => allow(name, without(1, SETUID_BITS))),
  ...['fchmodat', 'fchmodat2', 'mknodat'].map((name) => allow(name, without(2, SETUID_BITS))),
  allow('open', without(1, MAKES_A_FILE)),
  allow('open', without(2, SETUID_BITS)),
  allow('openat', without(2, MAKES_A_FILE)),
  allow('openat', without(3, SETUID_BITS)),
  // A kind that is another one differs in one of its bits.
  ...bitsOf(IOCTL_KIND).map((bit) => allow('ioctl', masked(1, bit, bit & ~XFS_IOCTLS))),
  ...PERSONALITIES.map((personality) => allow('personality', is(0, personality))),
  { ...allow('clone', without(0, NEW_NAMESPACES)), excludes: S390 },
  { ...allow('clone', without(1, NEW_NAMESPACES)), includes: S390 },
  // Their arguments can't be looked at; whoever is told that they do not exist takes the older ones.
  { names: ['clone3', 'openat2'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS },
  { names: ['fallocate'], action: 'SCMP_ACT_ERRNO', errnoRet: EOPNOTSUPP },
];

/** As `HostConfig.SecurityOpt` of Docker takes it. */
export const SECCOMP_PROFILE = JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: RULES });

function allow(name: string, ...args: readonly Condition[]): Rule {
  return { names: [name], action: 'SCMP_ACT_ALLOW', args };
}

function is(index: number, value: number): Condition {
  return masked(index, LOWER_32_BITS, value);
}

function without(index: number, bits: number): Condition {
  return masked(index, bits, 0);
}

function masked(index: number, bits: number, value: number): Condition {
  return { index, op: 'SCMP_CMP_MASKED_EQ', value: bits, valueTwo: value };
}

function bitsOf(mask: number): readonly number[] {
  return Array.from({ length: 32 }, (_, shift) => 2 ** shift).filter((bit) => (mask & bit) !== 0);
}
