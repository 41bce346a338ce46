import { transportConformance, type TransportBed } from '@omnipaw/swarm/conformance';
import { ThreadBroker, threadTransport } from '@omnipaw/swarm/threads';
import { VirtualTime } from '@omnipaw/testing';
import { describe, test } from 'vitest';
import { LossyWires, NO_TROUBLE, type Trouble } from '../../sim/lossy-wires.js';

describe('the transport of threads', () => {
  transportConformance({ test, create: threads });
});

describe('a transport over wires', () => {
  transportConformance({ test, create: () => wires(NO_TROUBLE) });
});

describe.each(['one', 'two', 'three'])('a transport over wires that lose, repeat and hold back texts (%s)', (seed) => {
  transportConformance({ test, create: () => wires({ lost: 25, twice: 25, delayMs: 300 }, seed) });
});

function threads(): TransportBed {
  const broker = new ThreadBroker();
  return {
    transportOf: (node) => threadTransport(broker.connect(/^\w+$/.test(node) ? node : 'other'), { patienceMs: 300 }),
    // As the port of a thread that has ended.
    kill: (node) => { broker.disconnect(node); },
    close: () => { broker.close(); },
  };
}

function wires(trouble: Trouble, seed = 'calm'): TransportBed {
  const time = new VirtualTime({ seed });
  // Of so many that are lost, one letter may be lost many times.
  const all = new LossyWires(time, trouble, trouble.lost === 0 ? 1_000 : 10_000);
  return { transportOf: () => all.transport(), kill: (node) => { all.kill(node); }, until: (promise) => time.until(promise) };
}
