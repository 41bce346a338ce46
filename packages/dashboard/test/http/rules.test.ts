import { describe, expect, it } from 'vitest';
import { FailedAttempts } from '../../src/http/attempts.js';
import { hostsOf, originsOf } from '../../src/http/hosts.js';

describe('wrong tokens', () => {
  it('are free up to a number, and lock their address for longer each time', () => {
    let now = 1_000_000;
    const attempts = new FailedAttempts(() => now);
    const lockAgain = (): number => {
      for (let attempt = 0; attempt < 9; attempt++) {
        attempts.failed('here');
        expect(attempts.lockedMs('here')).toBe(0);
      }
      attempts.failed('here');
      return attempts.lockedMs('here');
    };
    const locks = Array.from({ length: 8 }, () => {
      const lock = lockAgain();
      now += lock;
      expect(attempts.lockedMs('here')).toBe(0);
      return lock;
    });
    expect(locks).toEqual([10_000, 20_000, 40_000, 80_000, 160_000, 320_000, 600_000, 600_000]);
    expect(attempts.lockedMs('there')).toBe(0);
  });

  it('are forgotten with a right one, and after a while', () => {
    let now = 0;
    const attempts = new FailedAttempts(() => now);
    for (let attempt = 0; attempt < 9; attempt++) attempts.failed('here');
    attempts.succeeded('here');
    attempts.failed('here');
    expect(attempts.lockedMs('here')).toBe(0);
    for (let attempt = 0; attempt < 8; attempt++) attempts.failed('here');
    now += 900_001;
    attempts.failed('here');
    expect(attempts.lockedMs('here')).toBe(0);
  });

  it('of ever new addresses fill no memory', () => {
    const attempts = new FailedAttempts(() => 0);
    for (let attempt = 0; attempt < 10; attempt++) attempts.failed('first');
    expect(attempts.lockedMs('first')).toBeGreaterThan(0);
    for (let address = 0; address < 10_000; address++) attempts.failed(String(address));
    expect(attempts.lockedMs('first')).toBe(0);
  });
});

describe('the names of a server', () => {
  const at = (localAddress: string, localPort: number, isEncrypted = false): string[] => [...hostsOf({ localAddress, localPort, isEncrypted }, [])];

  it('are those of loopback for who comes that way', () => {
    expect(at('127.0.0.1', 9090)).toEqual(['127.0.0.1:9090', 'localhost:9090', '[::1]:9090']);
    expect(at('::ffff:127.0.0.1', 9090)).toEqual(at('::1', 9090));
  });

  it('are the very address for who comes by another interface', () => {
    expect(at('192.168.1.5', 9090)).toEqual(['192.168.1.5:9090']);
    expect(at('fd00::5', 9090)).toEqual(['[fd00::5]:9090']);
  });

  it('need no port where it is the usual one', () => {
    expect(at('192.168.1.5', 80)).toEqual(['192.168.1.5', '192.168.1.5:80']);
    expect(at('192.168.1.5', 443)).toEqual(['192.168.1.5:443']);
    expect(at('192.168.1.5', 443, true)).toEqual(['192.168.1.5', '192.168.1.5:443']);
  });

  it('are origins with the scheme by which it is reached, and behind a proxy with either', () => {
    expect([...originsOf({ localAddress: '10.0.0.1', localPort: 9090, isEncrypted: true }, ['Agents.example.org'])]).toEqual(['https://10.0.0.1:9090', 'http://agents.example.org', 'https://agents.example.org']);
  });
});
