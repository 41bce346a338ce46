/** Programs that make one call of Linux and end with its errno: what no shell can do, and without a compiler. For x86-64. */

/** A number, or a text whose address is given. */
export type Argument = number | bigint | string;

const BASE = 0x400000n;
const HEADERS_BYTES = 64 + 56;
/** `mov` of a number of 64 bits to rdi, rsi, rdx, r10, r8, r9. */
const TO_REGISTER = [[0x48, 0xbf], [0x48, 0xbe], [0x48, 0xba], [0x49, 0xba], [0x49, 0xb8], [0x49, 0xb9]] as const;
const TO_RAX = [0x48, 0xb8] as const;
const SYSCALL = [0x0f, 0x05] as const;
/** rdi is rax below 0 ? -rax : 0; eax is 60, which is exit. */
const EXIT = [0x48, 0x89, 0xc7, 0x48, 0xf7, 0xdf, 0x48, 0x85, 0xc0, 0x78, 0x02, 0x31, 0xff, 0xb8, 60, 0, 0, 0, ...SYSCALL] as const;
const MOVE_BYTES = 10;

export function programOfCall(number: number, args: readonly Argument[]): Buffer {
  const texts: Buffer[] = [];
  let end = BASE + BigInt(HEADERS_BYTES + MOVE_BYTES * (args.length + 1) + SYSCALL.length + EXIT.length);
  const valueOf = (arg: Argument): bigint => {
    if (typeof arg !== 'string') return BigInt(arg);
    const [address, text] = [end, Buffer.from(`${arg}\0`)];
    texts.push(text);
    end += BigInt(text.length);
    return address;
  };
  const moves = args.map((arg, index) => move(TO_REGISTER[index]!, valueOf(arg)));
  return withHeaders(Buffer.concat([...moves, move(TO_RAX, BigInt(number)), Buffer.from([...SYSCALL, ...EXIT]), ...texts]));
}

function move(register: readonly number[], value: bigint): Buffer {
  const bytes = Buffer.alloc(MOVE_BYTES, Buffer.from(register));
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value), register.length);
  return bytes;
}

/** An ELF file with one part that is loaded, and begun at its beginning: https://refspecs.linuxfoundation.org/elf/elf.pdf */
function withHeaders(content: Buffer): Buffer {
  const headers = Buffer.alloc(HEADERS_BYTES);
  headers.write('\x7fELF\x02\x01\x01', 'latin1');
  const [EXECUTABLE, X86_64, LOADED, READ_AND_RUN] = [2, 62, 1, 5];
  const size = BigInt(HEADERS_BYTES + content.length);
  headers.writeUInt16LE(EXECUTABLE, 16);
  headers.writeUInt16LE(X86_64, 18);
  headers.writeUInt32LE(1, 20);
  headers.writeBigUInt64LE(BASE + BigInt(HEADERS_BYTES), 24);
  headers.writeBigUInt64LE(64n, 32);
  for (const [at, value] of [[52, 64], [54, 56], [56, 1], [58, 64]] as const) headers.writeUInt16LE(value, at);
  headers.writeUInt32LE(LOADED, 64);
  headers.writeUInt32LE(READ_AND_RUN, 68);
  for (const [at, value] of [[80, BASE], [88, BASE], [96, size], [104, size], [112, 0x1000n]] as const) headers.writeBigUInt64LE(value, at);
  return Buffer.concat([headers, content]);
}
