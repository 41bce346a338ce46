import { describe, expect, test } from 'vitest';
import { openScreen, type Terminal } from '../../src/terminal/screen.js';
import { styleFor } from '../../src/terminal/style.js';
import { runSwarm } from '../support/swarm.js';
import { tree } from '../support/tree.js';

const PLAIN = styleFor({ isTTY: false }, {});

/** A terminal that knows what stands on it. */
class FakeTerminal implements Terminal {
  readonly isTTY = true;
  readonly columns = 40;
  readonly lines: string[] = [];
  #cursor = 0;

  write(text: string): void {
    const [first = '', ...rest] = text.split('\u001b[');
    this.#print(first);
    for (const sequence of rest) {
      const [whole, count, command] = /^(\d+)([A-Z])/.exec(sequence)!;
      if (command === 'A') this.#cursor -= Number(count);
      else this.lines[this.#cursor] = '';
      this.#print(sequence.slice(whole.length));
    }
  }

  #print(text: string): void {
    for (const [index, part] of text.split('\n').entries()) {
      if (index > 0) this.#cursor++;
      if (part !== '') this.lines[this.#cursor] = (this.lines[this.#cursor] ?? '') + part;
    }
  }
}

describe('on a terminal', () => {
  test('each agent has one line, which fits and says in the end what came of it', async () => {
    const terminal = new FakeTerminal();
    const screen = openScreen(terminal, PLAIN);
    await runSwarm(tree({ 'a.ts': '// TODO: a\n' }), { watch: (entry) => { screen.show(entry); } });
    screen.close();
    screen.close();
    expect(terminal.lines).toEqual([
      '  ✓ coordinator all have reported',
      '  ✓ readers     found 1 comment in 1 o…',
      '  ✓ planner     ranked 1 comment in 1 …',
      '  ✓ patchers    changed 1 file, each a…',
      '  ✓ jury        accepted 1 patch, reje…',
      '  ✓ writer      wrote patch and regist…',
    ]);
  });

  test('there are colours unless the environment says no', () => {
    expect(styleFor({ isTTY: true }, {}).good('x')).toBe('\u001b[32mx\u001b[39m');
    for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) expect(styleFor({ isTTY: true }, env).good('x')).toBe('x');
    expect(styleFor({ isTTY: false }, {}).good('x')).toBe('x');
  });
});

describe('elsewhere', () => {
  test('each event is a line that stays', async () => {
    let text = '';
    const screen = openScreen({ write: (some: string) => (text += some) }, PLAIN);
    await runSwarm(tree({ 'a.ts': '// TODO: a\n' }), { watch: (entry) => { screen.show(entry); } });
    screen.close();
    expect(text.split('\n').filter((line) => line.includes('✓'))).toEqual([
      '  ✓ readers     found 1 comment in 1 of 1 file (1 TypeScript)',
      '  ✓ planner     ranked 1 comment in 1 area; 1 without an id; 0 fixes',
      '  ✓ patchers    changed 1 file, each a patch to vote on',
      '  ✓ jury        accepted 1 patch, rejected 0',
      '  ✓ writer      wrote patch and register',
      '  ✓ coordinator all have reported',
    ]);
  });
});
