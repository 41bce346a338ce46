/**
 * The suite that the contract of transports ships with. It imports no test runner: it is given `test`.
 *
 *     transportConformance({ test, create: () => ({ transportOf: (node) => myTransport(node), kill: (node) => cutOff(node) }) });
 */
import assert from 'node:assert/strict';
import { OmniError } from '@omnipaw/kernel';
import type { DeliverLetter, Letter, SwarmTransport, TransportLink } from './transport/index.js';

/** A place of its own for each test, which no node has joined. */
export interface TransportBed {
  /** For one `join`. A letter waits a second at most for a node that is not there, and not much longer for one that says nothing. */
  transportOf(node: string): SwarmTransport;
  /** The node dies where it is, and says nothing to anybody. */
  kill(node: string): void;
  /** Waits for something, and lets time pass meanwhile where that is not the world's own. */
  until?<Result>(promise: Promise<Result>): Promise<Result>;
  close?(): void | Promise<void>;
}

export interface TransportConformance {
  readonly test: (name: string, body: () => Promise<void>) => unknown;
  readonly create: () => TransportBed | Promise<TransportBed>;
}

/** What every {@link SwarmTransport} promises, as tests. */
export function transportConformance(options: TransportConformance): void {
  arriving(options);
  refusing(options);
  dying(options);
  leaving(options);
}

function arriving(options: TransportConformance): void {
  const test = testsOf(options);

  test('a letter arrives as it was sent', async (bed) => {
    const [a, b] = [await bed.join('a'), await bed.join('b')];
    const letter = letterOf('a', 1, { text: 'grüße 🐾 \u2028"\n', nested: [null, true, -1.5, { ['__proto__']: 'plain' }] });
    await bed.until(a.link.send('b', letter));
    assert.deepEqual(b.letters, [letter]);
  });

  test('sending resolves when the receiver has it for good, and not before', async (bed) => {
    const [a, gate] = [await bed.join('a'), gateOf()];
    await bed.join('b', () => gate.passed);
    let isSent = false;
    const sending = a.link.send('b', letterOf('a', 1)).then(() => { isSent = true; });
    await bed.until(gate.reached);
    assert.equal(isSent, false);
    gate.open();
    await bed.until(sending);
  });

  test('letters of one node to another one arrive in order, without waiting for each other', async (bed) => {
    const [a, b] = [await bed.join('a'), await bed.join('b')];
    const letters = Array.from({ length: 200 }, (_, index) => letterOf('a', index));
    await bed.until(Promise.all(letters.map((letter) => a.link.send('b', letter))));
    assert.deepEqual(firstsOf(b.letters), letters);
  });

  test('nodes write to each other at once', async (bed) => {
    const nodes = [await bed.join('a'), await bed.join('b'), await bed.join('c')];
    const sent = nodes.flatMap(({ name, link }) => nodes.filter((other) => other.name !== name).flatMap((other) =>
      Array.from({ length: 20 }, (_, index) => link.send(other.name, letterOf(name, index, other.name)))));
    await bed.until(Promise.all(sent));
    for (const { name, letters } of nodes) {
      assert.equal(firstsOf(letters).length, 40);
      assert.ok(letters.every(({ body }) => body === name));
    }
  });

  test('a letter to a node that comes later waits for it', async (bed) => {
    const a = await bed.join('a');
    const sending = a.link.send('b', letterOf('a', 1));
    const b = await bed.join('b');
    await bed.until(sending);
    assert.equal(firstsOf(b.letters).length, 1);
  });
}

function refusing(options: TransportConformance): void {
  const test = testsOf(options);

  test('a refusal comes back with its code, its class and its details, and refuses nothing else', async (bed) => {
    const a = await bed.join('a');
    await bed.join('b', ({ id }) => (id.endsWith('/1') ? Promise.reject(new OmniError('MAILBOX_FULL', 'It is full.', { details: { waiting: 3 } })) : Promise.resolve()));
    const [refused, taken] = await bed.until(Promise.allSettled([a.link.send('b', letterOf('a', 1)), a.link.send('b', letterOf('a', 2))]));
    assert.equal(taken.status, 'fulfilled');
    const { code, failureClass, message, details } = reasonOf(refused);
    assert.deepEqual({ code, failureClass, message, details }, { code: 'MAILBOX_FULL', failureClass: 'POLICY_VIOLATION', message: 'It is full.', details: { waiting: 3 } });
  });

  test('whatever else is thrown by the receiver comes back as an error of its own', async (bed) => {
    const a = await bed.join('a');
    await bed.join('b', () => Promise.reject(new Error('it broke')));
    await assert.rejects(bed.until(a.link.send('b', letterOf('a', 1))), { code: 'PROGRAM_FAILED', message: /it broke/ });
  });

  test('a node that is not there is NODE_UNREACHABLE, which may pass', async (bed) => {
    const a = await bed.join('a');
    await assert.rejects(bed.until(a.link.send('b', letterOf('a', 1))), { code: 'NODE_UNREACHABLE', failureClass: 'TRANSIENT' });
  });

  test('a node that is there and says nothing is NODE_UNREACHABLE in the end', async (bed) => {
    const [a, gate] = [await bed.join('a'), gateOf()];
    await bed.join('b', () => gate.passed);
    await assert.rejects(bed.until(a.link.send('b', letterOf('a', 1))), { code: 'NODE_UNREACHABLE', failureClass: 'TRANSIENT' });
  });

  test('a letter is waited for no longer than its sender wants, and what comes after it arrives', async (bed) => {
    const [a, gate] = [await bed.join('a'), gateOf()];
    const b = await bed.join('b', ({ id }) => (id.endsWith('/1') ? gate.passed : Promise.resolve()));
    const failing = assert.rejects(bed.until(a.link.send('b', letterOf('a', 1), 1)), { code: 'NODE_UNREACHABLE' });
    await failing;
    await bed.until(a.link.send('b', letterOf('a', 2)));
    assert.deepEqual(firstsOf(b.letters).filter(({ id }) => id.endsWith('/2')), [letterOf('a', 2)]);
  });

  test('nobody writes in the name of another node', async (bed) => {
    const [a, b] = [await bed.join('a'), await bed.join('b')];
    await assert.rejects(async () => { await a.link.send('b', letterOf('c', 1)); }, TypeError);
    assert.deepEqual(b.letters, []);
  });

  test('a name that can be none is a TypeError', async (bed) => {
    await assert.rejects(bed.join('a/b'), TypeError);
  });
}

function dying(options: TransportConformance): void {
  const test = testsOf(options);

  test('what a node has not answered when it dies goes to the one in its place, in order', async (bed) => {
    const [a, gate] = [await bed.join('a'), gateOf()];
    const first = await bed.join('b', ({ id }) => (id.endsWith('/3') ? gate.passed : Promise.resolve()));
    const letters = Array.from({ length: 6 }, (_, index) => letterOf('a', index));
    const sending = Promise.all(letters.map((letter) => a.link.send('b', letter)));
    await bed.until(gate.reached);
    bed.kill('b');
    const next = await bed.join('b');
    await bed.until(sending);
    // This one was never answered; of the others nobody knows.
    assert.ok(firstsOf(next.letters).some(({ id }) => id.endsWith('/3')));
    assert.deepEqual(firstsOf([...first.letters, ...next.letters]), letters);
    assert.deepEqual(firstsOf(next.letters), letters.filter((letter) => next.letters.some(({ id }) => id === letter.id)));
  });

  test('a receiver that is about to go refuses nothing: the next one gets the letter', async (bed) => {
    const [a, gate] = [await bed.join('a'), gateOf()];
    gate.open(Promise.reject(new OmniError('GOING', 'Not any more.', { failureClass: 'TRANSIENT' })));
    await bed.join('b', () => gate.passed);
    const sending = a.link.send('b', letterOf('a', 1));
    await bed.until(gate.reached);
    bed.kill('b');
    const next = await bed.join('b');
    await bed.until(sending);
    assert.equal(firstsOf(next.letters).length, 1);
  });

  test('a sender that was started again is heard like the first one', async (bed) => {
    const [a, b] = [await bed.join('a'), await bed.join('b')];
    await bed.until(a.link.send('b', letterOf('a', 1)));
    bed.kill('a');
    const again = await bed.join('a');
    // Whoever has to repeat a call does not know that it has arrived.
    await bed.until(Promise.all([again.link.send('b', letterOf('a', 1)), again.link.send('b', letterOf('a', 2))]));
    assert.deepEqual(firstsOf(b.letters).map(({ id }) => id), ['log/x/1/1', 'log/x/1/2']);
  });

  test('a node that dies and does not come back is NODE_UNREACHABLE', async (bed) => {
    const [a, gate] = [await bed.join('a'), gateOf()];
    await bed.join('b', () => gate.passed);
    const sending = a.link.send('b', letterOf('a', 1));
    const failing = assert.rejects(sending, { code: 'NODE_UNREACHABLE' });
    await bed.until(gate.reached);
    bed.kill('b');
    await bed.until(failing);
  });
}

function leaving(options: TransportConformance): void {
  const test = testsOf(options);

  test('a link that is closed rejects what waits, and whatever is sent by it', async (bed) => {
    const a = await bed.join('a');
    const failing = assert.rejects(a.link.send('b', letterOf('a', 1)), { code: 'NODE_UNREACHABLE' });
    await a.link.close();
    await bed.until(failing);
    await assert.rejects(bed.until(a.link.send('b', letterOf('a', 2))), { code: 'NODE_UNREACHABLE' });
  });

  test('a node that has left gets no letter any more', async (bed) => {
    const [a, b] = [await bed.join('a'), await bed.join('b')];
    await bed.until(a.link.send('b', letterOf('a', 1)));
    const before = b.letters.length;
    await b.link.close();
    await assert.rejects(bed.until(a.link.send('b', letterOf('a', 2))), { code: 'NODE_UNREACHABLE' });
    assert.equal(b.letters.length, before);
  });
}

interface Joined {
  readonly name: string;
  readonly link: TransportLink;
  /** What was delivered to it, copies included. */
  readonly letters: Letter[];
}

interface Bed {
  join(node: string, deliver?: DeliverLetter): Promise<Joined>;
  kill(node: string): void;
  until<Result>(promise: Promise<Result>): Promise<Result>;
}

function testsOf({ test, create }: TransportConformance): (name: string, body: (bed: Bed) => Promise<void>) => void {
  return (name, body) => {
    test(name, async () => {
      const bed = await create();
      const links: TransportLink[] = [];
      const until = <Result>(promise: Promise<Result>): Promise<Result> => (bed.until === undefined ? promise : bed.until(promise));
      const join = async (node: string, deliver: DeliverLetter = () => Promise.resolve()): Promise<Joined> => {
        const letters: Letter[] = [];
        const link = await bed.transportOf(node).join(node, (letter) => {
          letters.push(letter);
          return deliver(letter);
        });
        links.push(link);
        return { name: node, link, letters };
      };
      try {
        await body({ join, until, kill: (node) => { bed.kill(node); } });
      } finally {
        for (const link of links) await link.close();
        await bed.close?.();
      }
    });
  };
}

 
function letterOf(node: string, number: number, body: Letter['body'] = number): Letter {
  return { id: `log/x/1/${number}`, from: `${node}/x`, to: 'y', channel: 'c', body };
}

/** Without copies. */
function firstsOf(letters: readonly Letter[]): readonly Letter[] {
  const seen = new Set<string>();
  return letters.filter(({ from, id }) => {
    const isNew = !seen.has(`${from} ${id}`);
    seen.add(`${from} ${id}`);
    return isNew;
  });
}

interface Gate {
  /** When somebody has asked to pass. */
  readonly reached: Promise<void>;
  /** For who wants to pass; waits until it is open. */
  readonly passed: Promise<void>;
  open(how?: Promise<void>): void;
}

function gateOf(): Gate {
  let reach: () => void;
  let open: (how?: Promise<void>) => void;
  const reached = new Promise<void>((resolve) => { reach = resolve; });
  const opened = new Promise<void>((resolve) => { open = resolve; });
  // Nobody may ever come to it.
  opened.catch(() => undefined);
  return {
    reached,
    get passed() {
      reach();
      return opened;
    },
    open: (how) => { open(how); },
  };
}

function reasonOf(settled: PromiseSettledResult<unknown>): OmniError {
  assert.equal(settled.status, 'rejected');
  return settled.reason as OmniError;
}
