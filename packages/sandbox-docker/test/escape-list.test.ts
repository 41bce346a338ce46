/**
 * What a command might try to get out of its container, or to harm the machine from within, and how each ends.
 *
 * Each line says `ESCAPED` if it succeeds, or would print what a file of the host has in it; and the refusal is looked at,
 * too, so that a line that is only written wrongly is noticed. Nothing here sends a packet: that there is no network is seen
 * by what is not there.
 */
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DockerSandbox } from '@omnipaw/sandbox-docker';
import Docker from 'dockerode';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { describeWith } from '../../../testing/components.js';
import { programOfCall, type Argument } from './support/linux-call.js';
import { containersOf, expectedUid, permanentWorkspace, sandboxIn, sh, testImage, workspace } from './support/sandbox.js';

const SECRET = 'what only the host knows';
const NOT_PERMITTED = /Operation not permitted|Permission denied|permission denied/;
const READ_ONLY = /Read-only file system|Permission denied|Operation not permitted/;
const MISSING = /No such file|not found|can't open/;

/** A line of shell with the path of a secret file of the host as `$1`, and what it complains about. */
const REFUSED: readonly (readonly [what: string, line: string, complaint: RegExp])[] = [
  // Files of the host
  ['to a file of the host by its path', 'cat "$1" && echo ESCAPED', MISSING],
  ['to a file of the host, from the workspace upwards', 'cat "../../../../../../..$1" && echo ESCAPED', MISSING],
  ['to a file of the host, by the root of the first process', 'cat "/proc/1/root$1" && echo ESCAPED', MISSING],
  ['to a file of the host, by the directory of the first process', 'cat "/proc/1/cwd/../../..$1" && echo ESCAPED', MISSING],
  ['to a file of the host, by descriptors that somebody may have left open', 'for fd in /proc/self/fd/*; do cat "$fd/../../../../..$1" && echo ESCAPED; done', /No such file|Not a directory/],
  ['to a file of the host, by a link in the workspace', 'ln -s "$1" link; cat link && echo ESCAPED', MISSING],
  ['to a file of the host, to write it', 'echo x > "$1" && echo ESCAPED', /nonexistent|No such file|Read-only/],
  ['to the passwords', 'cat /etc/shadow && echo ESCAPED', NOT_PERMITTED],
  ['to the socket of the engine', 'ls /var/run/docker.sock /run/docker.sock /run/containerd/containerd.sock && echo ESCAPED', MISSING],
  // The root file system of the container
  ['to write to the image', 'touch /bin/x && echo ESCAPED', READ_ONLY],
  ['to write to /etc/passwd', 'echo root::0:0::/: >> /etc/passwd && echo ESCAPED', READ_ONLY],
  ['to remove the image', 'rm -rf /bin/busybox && echo ESCAPED', READ_ONLY],
  // The kernel of the host
  ['to say what runs after a crash', 'echo "|/workspace/x" > /proc/sys/kernel/core_pattern && echo ESCAPED', READ_ONLY],
  ['to restart the host', 'echo b > /proc/sysrq-trigger && echo ESCAPED', /nonexistent|Read-only|Permission denied/],
  ['to set a parameter of the kernel', 'sysctl -w vm.overcommit_memory=1 && echo ESCAPED', READ_ONLY],
  ['to write to /sys', 'echo 0 > /sys/kernel/uevent_seqnum && echo ESCAPED', READ_ONLY],
  ['to set a helper for devices', 'echo /workspace/x > /sys/kernel/uevent_helper && echo ESCAPED', READ_ONLY],
  ['to make a group of processes with a release agent', 'mkdir /sys/fs/cgroup/memory/x /sys/fs/cgroup/x && echo ESCAPED', READ_ONLY],
  ['to lift the limit of memory', 'for file in /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max; do echo 99999999999 > $file && echo ESCAPED; done', READ_ONLY],
  ['to read the memory of the kernel', 'head -c 1 /proc/kcore && echo ESCAPED', /No such file|Permission denied/],
  ['to read the memory of the machine', 'head -c 1 /dev/mem && echo ESCAPED', MISSING],
  ['to read the messages of the kernel', 'dmesg && echo ESCAPED', NOT_PERMITTED],
  ['to load a module', 'cp /bin/busybox x.ko; insmod x.ko && echo ESCAPED', /can't insert/],
  ['to set the clock', 'date -s 2001-01-01; [ $(date +%Y) -lt 2002 ] && echo ESCAPED', NOT_PERMITTED],
  ['to rename the host', 'hostname x && echo ESCAPED', NOT_PERMITTED],
  ['to go before others', 'renice -n -10 $$ && echo ESCAPED', NOT_PERMITTED],
  ['to halt', 'poweroff -f && echo ESCAPED', NOT_PERMITTED],
  ['to swap', 'dd if=/dev/zero of=swap bs=1M count=1 2>/dev/null; mkswap swap >/dev/null; swapon swap && echo ESCAPED', NOT_PERMITTED],
  // Mounts, roots, namespaces, devices
  ['to mount a file system', 'mkdir m; mount -t tmpfs none m && echo ESCAPED', NOT_PERMITTED],
  ['to mount processes anew', 'mkdir p; mount -t proc none p && echo ESCAPED', NOT_PERMITTED],
  ['to mount the root elsewhere', 'mkdir r; mount -o bind / r && echo ESCAPED', NOT_PERMITTED],
  ['to make the root writable', 'mount -o remount,rw / && echo ESCAPED', NOT_PERMITTED],
  ['to take the workspace away', 'umount /workspace && echo ESCAPED', NOT_PERMITTED],
  ['to change the root', 'mkdir c; chroot c && echo ESCAPED', NOT_PERMITTED],
  ['to exchange the root', 'pivot_root . . && echo ESCAPED', NOT_PERMITTED],
  ['to be root in a namespace of users', 'unshare -r true && echo ESCAPED', NOT_PERMITTED],
  ['to make a namespace of mounts', 'unshare -m true && echo ESCAPED', NOT_PERMITTED],
  ['to enter the namespace of the first process', 'nsenter -t 1 -m true && echo ESCAPED', NOT_PERMITTED],
  ['to make a device', 'mknod disk b 8 0 && echo ESCAPED', NOT_PERMITTED],
  ['to read a disk', 'for disk in /dev/sda /dev/vda /dev/nvme0n1; do head -c 1 $disk && echo ESCAPED; done', MISSING],
  // Users
  ['to be root by a setuid file of the image', '/bin/busybox-setuid cat /etc/shadow && echo ESCAPED', NOT_PERMITTED],
  ['to be root by a setuid file in the workspace', './busybox-setuid cat /etc/shadow && echo ESCAPED', NOT_PERMITTED],
  ['to become root', 'su -c "echo ESCAPED"', /./],
  ['to give a file to root', 'touch given; chown 0 given && echo ESCAPED', NOT_PERMITTED],
  ['to have more files open', 'ulimit -n 1000000 && echo ESCAPED', /./],
  // Networks
  ['to a raw socket', 'arping -c 1 -I lo 127.0.0.1 && echo ESCAPED', NOT_PERMITTED],
  ['to a new interface', 'ip link add x type dummy && echo ESCAPED', NOT_PERMITTED],
  ['to a route', 'ip route add default dev lo && echo ESCAPED', NOT_PERMITTED],
];

const EPERM = 1;
const ENOSYS = 38;
const EOPNOTSUPP = 95;
const FILE = 'file';
const [SETUID, SETGID] = [0o4755, 0o2755];
const [CREATE, NEW_UNNAMED, HERE] = [0o101, 0o20200001, -100];

/** A call of Linux by its number, with its arguments, made by a program whose standard output is a file in the workspace. */
const CALLS: readonly (readonly [what: string, errno: number, number: number, args: readonly Argument[]])[] = [
  // Networks that no namespace keeps apart, and other sockets than those of a network or of a file
  ['to the machine below, by vsock', EPERM, 41, [40, 1, 0]],
  ['to the machine below, by vsock with bits that Linux does not read', EPERM, 41, [0x100000028n, 1, 0]],
  ['to the ciphers of the kernel', EPERM, 41, [38, 5, 0]],
  ['to Bluetooth', EPERM, 41, [31, 3, 0]],
  ['to the audit of the kernel', EPERM, 41, [16, 3, 9]],
  ['to a socket past seccomp, by io_uring', EPERM, 425, [8, 0]],
  ['to work for an io_uring', EPERM, 426, [1, 0, 0, 0]],
  // Rights that a file would give on the machine
  ['to a setuid file', EPERM, 90, [FILE, SETUID]],
  ['to a setgid file', EPERM, 90, [FILE, SETGID]],
  ['to a setuid file, by what is open', EPERM, 91, [1, SETUID]],
  ['to a setuid file, by its directory', EPERM, 268, [HERE, FILE, SETUID]],
  ['to a setuid file, by its directory and flags', EPERM, 452, [HERE, FILE, SETUID, 0]],
  ['to a new setuid file', EPERM, 2, ['new', CREATE, SETUID]],
  ['to a new setuid file, by its directory', EPERM, 257, [HERE, 'new', CREATE, SETUID]],
  ['to a new setuid file without a name', EPERM, 257, [HERE, '.', NEW_UNNAMED, SETUID]],
  ['to a new setuid file, by creat', EPERM, 85, ['new', SETUID]],
  ['to a new setuid file, by mknod', EPERM, 133, ['new', 0o100000 | SETUID, 0]],
  ['to a new setuid file, by mknodat', EPERM, 259, [HERE, 'new', 0o100000 | SETUID, 0]],
  ['to a new setuid file, by openat2', ENOSYS, 437, [HERE, 'new', 0, 24]],
  // Other processes
  ['to the memory of another process, by ptrace', EPERM, 101, [16, 1, 0, 0]],
  ['to the memory of another process, to read it', EPERM, 310, [1, 0, 0, 0, 0, 0]],
  ['to the memory of another process, to write it', EPERM, 311, [1, 0, 0, 0, 0, 0]],
  ['to the files of another process', EPERM, 438, [3, 0, 0]],
  // Namespaces
  ['to a process in a namespace of users', EPERM, 56, [0x10000011, 0, 0, 0, 0]],
  ['to a namespace of users', EPERM, 272, [0x10000000]],
  ['to a process in a namespace, by clone3', ENOSYS, 435, [0, 0]],
  ['to the mounts of another namespace', EPERM, 308, [0, 0]],
  // A disk that fills up at one blow
  ['to room on the disk without writing, by fallocate', EOPNOTSUPP, 285, [1, 0, 0, 1_000_000]],
  ['to room on the disk without writing, by an ioctl', EPERM, 16, [1, 0x4030582a, 'x'.repeat(48)]],
  ['to room on the disk without writing, by an ioctl with bits that Linux does not read', EPERM, 16, [1, 0x14030582an, 'x'.repeat(48)]],
  // The kernel of the host
  ['to programs in the kernel', EPERM, 321, [0, 0, 0]],
  ['to keys of the user on the host', EPERM, 250, [0, 0, 0]],
  ['to faults of memory that it handles itself', EPERM, 323, [0]],
  ['to memory whose place is known before', EPERM, 135, [0x40000]],
];

describeWith('docker', 'from a container there is no way', () => {
  let root: string;
  let sandbox: DockerSandbox;
  let secret: string;
  let tidy: () => void;
  beforeAll(async () => {
    const outside = permanentWorkspace();
    const inside = permanentWorkspace();
    [root, secret] = [inside.directory, path.join(outside.directory, 'secret')];
    tidy = () => { inside.remove(); outside.remove(); };
    writeFileSync(secret, SECRET, { mode: 0o644 });
    chmodSync(outside.directory, 0o755);
    copyFileSync('/bin/busybox', path.join(root, 'busybox-setuid'));
    chmodSync(path.join(root, 'busybox-setuid'), 0o4755);
    sandbox = new DockerSandbox({ root, image: testImage(), warm: 2 });
    await sandbox.prepare();
  });
  afterAll(async () => {
    await sandbox.close();
    tidy();
  });

  test.each(REFUSED)('%s', async (_what, line, complaint) => {
    const { endedBy, stdout, stderr } = await sh(sandbox, [line, secret]);
    expect(stdout + stderr).not.toMatch(new RegExp(`ESCAPED|${SECRET}`));
    expect({ endedBy, stderr }).toEqual({ endedBy: 'itself', stderr: expect.stringMatching(complaint) });
    expect(readFileSync(secret, 'utf8')).toBe(SECRET);
  });

  test.runIf(process.arch === 'x64').each(CALLS)('%s', async (_what, errno, number, args) => {
    writeFileSync(path.join(root, 'call'), programOfCall(number, args), { mode: 0o755 });
    chmodSync(path.join(root, 'call'), 0o755);
    await expect(sh(sandbox, `touch ${FILE} out; ./call > out; code=$?; ls -d new 2>/dev/null; exit $code`)).resolves.toMatchObject({ exitCode: errno, stdout: '' });
  });

  test('but to what programs do every day', async () => {
    const node = 'require("net").createServer().listen(0, "127.0.0.1", function () { console.log(Object.keys(require("os").networkInterfaces())[0], this.address().family); this.close(); });';
    const { stdout, stderr } = await sh(sandbox, [`umask 22; echo x > day; chmod 640 day; mkfifo pipe; mkdir -m 1777 sticky; cp -a day copy; stat -c "%a %F" day copy pipe sticky; node -e '${node}'; git init -q --template= repository && echo made`]);
    expect({ stdout, stderr }).toEqual({ stdout: '640 regular file\n640 regular file\n644 fifo\n1777 directory\nlo IPv4\nmade\n', stderr: '' });
  });

  test('to any network: there is no interface but the loopback one, no route, and no connection of anybody', async () => {
    const { stdout } = await sh(sandbox, 'tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d " "; tail -n +2 /proc/net/route; grep -v " lo$" /proc/net/ipv6_route; tail -n +2 /proc/net/tcp /proc/net/udp /proc/net/unix | grep -v "^==>\\|^$"; echo end');
    expect(stdout).toBe('lo\nend\n');
  });

  test('to processes of the host or of another container: it sees its own', async () => {
    const { stdout } = await sh(sandbox, ['ls -d /proc/[0-9]* | wc -l; kill -9 $1 2>&1; true', String(process.pid)]);
    const [count, complaint] = stdout.split('\n');
    expect(Number(count)).toBeLessThan(10);
    expect(complaint).toMatch(/No such process/);
  });

  test('to power: no capability is left, and none can be got', async () => {
    const { stdout } = await sh(sandbox, 'grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status; /bin/busybox-setuid id -u; ./busybox-setuid id -u');
    const values = stdout.trim().split('\n').map((line) => line.split(/\s+/).at(-1));
    expect(values.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => '0'.repeat(16)));
    expect(values.slice(5)).toEqual(['1', '2', String(expectedUid()), String(expectedUid())]);
  });

  test('to names of groups of processes on the machine, or to signals and queues that others of its user could need', async () => {
    const { stdout } = await sh(sandbox, 'cut -d: -f3 /proc/self/cgroup | sort -u; grep -E "pending signals|msgqueue|core" /proc/self/limits | tr -s " "');
    expect(stdout.split('\n').map((line) => line.trim())).toEqual(['/', 'Max core file size 0 0 bytes', 'Max pending signals 1024 1024 signals', 'Max msgqueue size 0 0 bytes', '']);
  });

  test('to another call: shared memory, temporary files and queues are its own', async () => {
    await expect(sh(sandbox, 'echo ESCAPED > /tmp/x && echo ESCAPED > /dev/shm/x')).resolves.toMatchObject({ exitCode: 0 });
    const { stdout } = await sh(sandbox, 'cat /tmp/x /dev/shm/x; ls -A /tmp /dev/shm; ipcs | grep -c 0x');
    expect(stdout).toBe('/dev/shm:\n\n/tmp:\n0\n');
  });

  test('to a link as its working directory', async () => {
    await sh(sandbox, 'ln -sfn /proc/self/fd/8 fd; ln -sfn / slash');
    for (const cwd of ['fd', 'slash', 'slash/etc', '/etc', '..']) await expect(sh(sandbox, 'pwd', { cwd })).rejects.toMatchObject({ code: 'PATH_REFUSED' });
  });

  test('to what a link leads to that was in the place of the root when its container was started', async () => {
    const around = workspace();
    const [inner, elsewhere] = ['root', 'elsewhere'].map((name) => path.join(around, name)) as [string, string];
    for (const directory of [inner, elsewhere]) mkdirSync(directory);
    for (const directory of [inner, elsewhere]) chmodSync(directory, 0o777);
    const exchanged = new DockerSandbox({ root: inner, image: testImage(), warm: 1, user: { uid: expectedUid(), gid: expectedUid() } });
    onTestFinished(async () => { await exchanged.close(); });
    renameSync(inner, `${inner}-aside`);
    symlinkSync(elsewhere, inner);
    await exchanged.prepare();
    unlinkSync(inner);
    renameSync(`${inner}-aside`, inner);
    await expect(sh(exchanged, 'echo ESCAPED > file')).rejects.toMatchObject({ code: 'SANDBOX_REFUSED', message: expect.stringContaining('something else as its workspace') });
    await expect(sh(exchanged, 'echo here > file')).resolves.toMatchObject({ exitCode: 0 });
    expect([readdirSync(elsewhere), readdirSync(inner)]).toEqual([[], ['file']]);
  });

  test('past the end of its first process: whoever it kills, it kills itself only', async () => {
    for (const line of ['kill -9 1; kill -9 $PPID; sleep 30', 'kill -9 -1; sleep 30']) {
      const { endedBy, exitCode } = await sh(sandbox, line);
      expect([endedBy, exitCode]).toEqual(['itself', 137]);
    }
  });

  test('to outlive its call', async () => {
    const { exitCode } = await sh(sandbox, '(setsid sh -c "trap \'\' TERM HUP INT; sleep 3; touch late" &) ; exit 0');
    expect(exitCode).toBe(0);
    await new Promise((resolve) => { setTimeout(resolve, 3_500); });
    expect(existsSync(path.join(root, 'late'))).toBe(false);
  });
});

describeWith('docker', 'within its limits stays', () => {
  const limits = { maxProcesses: 64, memoryBytes: 64 * 1024 * 1024, tmpBytes: 4 * 1024 * 1024, maxFileBytes: 1024 * 1024 };

  test('a fork bomb: it has as many processes as it may, and no more', async () => {
    // Whoever looks needs no process for it.
    const look = 'while read -r now <$group/pids.current && read -r _ hits <$group/pids.events && [ "$hits" = 0 ]; do :; done; echo "$now $hits"';
    const { endedBy, exitCode, stdout } = await sh(sandboxIn(workspace(), { limits }), `group=/sys/fs/cgroup/pids; [ -d $group ] || group=/sys/fs/cgroup; bomb() { bomb | bomb & }; bomb; ${look}`, { timeoutMs: 20_000 });
    expect({ endedBy, exitCode }).toEqual({ endedBy: 'itself', exitCode: 0 });
    const [now, hits] = stdout.trim().split(' ').map(Number);
    expect(hits).toBeGreaterThan(0);
    expect(now).toBeLessThanOrEqual(limits.maxProcesses);
  });

  test('a memory bomb, also one of files in memory', async () => {
    const sandbox = sandboxIn(workspace(), { limits: { ...limits, tmpBytes: 1024 * 1024 * 1024, maxFileBytes: 1024 * 1024 * 1024 } });
    await expect(sh(sandbox, 'tail -c 1000000000 /dev/zero')).resolves.toMatchObject({ endedBy: 'memory' });
    await expect(sh(sandbox, 'dd if=/dev/zero of=/tmp/x bs=1M')).resolves.toMatchObject({ endedBy: 'memory' });
  });

  test('a large file', async () => {
    const root = workspace();
    await sh(sandboxIn(root, { limits }), 'dd if=/dev/zero of=large bs=1M count=100');
    expect(statSync(path.join(root, 'large')).size).toBe(limits.maxFileBytes);
  });

  test('what is written beside the workspace', async () => {
    const { stderr } = await sh(sandboxIn(workspace(), { limits: { ...limits, maxFileBytes: 1024 * 1024 * 1024 } }), 'dd if=/dev/zero of=/tmp/x bs=1M; dd if=/dev/zero of=/dev/shm/x bs=1M');
    expect(stderr.match(/No space left on device/g)).toHaveLength(2);
  });

  test('a crowd of orphans: whoever loses its parent is reaped', async () => {
    const { exitCode } = await sh(sandboxIn(workspace(), { limits }), 'i=0; while [ $i -lt 500 ]; do ( true & ) || exit 1; i=$((i+1)); done');
    expect(exitCode).toBe(0);
  });

  test('one processor for any number of threads', async () => {
    const sandbox = sandboxIn(workspace(), { limits: { ...limits, cpus: 0.2 } });
    // Four that would use a second each get a fifth of one together.
    const { stdout } = await sh(sandbox, 'for n in 1 2 3 4; do (while :; do :; done) & done; sleep 2; cat /sys/fs/cgroup/cpuacct/cpuacct.usage 2>/dev/null || grep usage_usec /sys/fs/cgroup/cpu.stat | cut -d" " -f2 | sed s/\\$/000/');
    expect(Number(stdout) / 1e9).toBeLessThan(1);
  });
});

describeWith('docker', 'the engine is told', () => {
  test('to keep no output, to give no swap, and to let no core be written, of a container that runs', async () => {
    const sandbox = sandboxIn(workspace(), { limits: { memoryBytes: 99 * 1024 * 1024 }, warm: 1 });
    await sandbox.prepare();
    const [waiting] = await containersOf(process.pid);
    const { State, HostConfig } = await new Docker().getContainer(waiting!.Id).inspect();
    expect(State.Running).toBe(true);
    expect(HostConfig).toMatchObject({
      LogConfig: { Type: 'none' },
      Memory: 99 * 1024 * 1024,
      MemorySwap: 99 * 1024 * 1024,
      Ulimits: expect.arrayContaining([{ Name: 'core', Soft: 0, Hard: 0 }]),
      SecurityOpt: ['no-new-privileges', expect.stringMatching(/^seccomp=\{"defaultAction":"SCMP_ACT_ERRNO"/)],
      NetworkMode: 'none',
      CapDrop: ['ALL'],
      ReadonlyRootfs: true,
      CgroupnsMode: 'private',
      RestartPolicy: { Name: 'no' },
    });
  });
});

describeWith('docker', 'a workspace with a strange name', () => {
  test.each(['a:b:rw', 'a,readonly,dst=b', 'a b', '$(x)', "it's", '🐾', '--privileged'])('is mounted as it is: %s', async (name) => {
    const root = path.join(workspace(), name);
    mkdirSync(root, { mode: 0o777 });
    chmodSync(root, 0o777);
    writeFileSync(path.join(root, 'file'), '');
    const sandbox = sandboxIn(root, { user: { uid: expectedUid(), gid: expectedUid() } });
    const places = 'ls / /etc /tmp /mnt; cut -d" " -f2 /proc/mounts';
    const { stdout: usual } = await sh(sandboxIn(workspace()), places);
    await expect(sh(sandbox, `pwd; ls; ${places}`)).resolves.toMatchObject({ stdout: `/workspace\nfile\n${usual}` });
  });

  test('is refused when there is none', async () => {
    const outer = workspace();
    expect(() => new DockerSandbox({ root: path.join(outer, 'none'), docker: new Docker() })).toThrow();
  });
});
