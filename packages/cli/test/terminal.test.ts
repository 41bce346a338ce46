import { describe, expect, test, vi } from 'vitest';
import { alignColumns } from '../src/terminal/columns.js';
import { paletteFor } from '../src/terminal/ink.js';
import { LiveLine } from '../src/terminal/live-line.js';
import { count, durationText, jsonLine, oneLine, printable, shellWord, shortened } from '../src/terminal/printable.js';
import { Sink } from './sink.js';

describe('text from outside', () => {
  test('commands no terminal', () => {
    expect(printable('a\tb\nc')).toBe('a\tb\nc');
    expect(printable('\u001b[31m\u0007\r\u009b2J\u202e\u2066\u2028')).toBe(
      '\\u001b[31m\\u0007\\u000d\\u009b2J\\u202e\\u2066\\u2028',
    );
    expect(printable('ünïcödé 🐾 👩‍🚀')).toBe('ünïcödé 🐾 👩‍🚀');
    expect(jsonLine({ text: '\u009b2J\u001b' })).toBe('{"text":"\\u009b2J\\u001b"}');
  });

  test('stays in one line where one line is meant', () => {
    expect(oneLine('  a \n  b\n')).toBe('a b');
  });

  test('is shortened without breaking a character in two', () => {
    expect(shortened('abc', 3)).toBe('abc');
    expect(shortened('abcd', 3)).toBe('ab…');
    expect(shortened('a🐾bc', 3)).toBe('a…');
    expect(shortened('abc', 0)).toBe('…');
  });

  test('is a word for a shell', () => {
    expect(shellWord('./logs/run-1')).toBe('./logs/run-1');
    expect(shellWord('call:host.fs.*')).toBe("'call:host.fs.*'");
    expect(shellWord("it's")).toBe(`'it'\\''s'`);
    expect(shellWord('')).toBe("''");
  });
});

test('Numbers and durations read as people say them', () => {
  expect([0, 1, 1234].map((number) => count(number, 'entry', 'entries'))).toEqual(['no entries', '1 entry', '1,234 entries']);
  expect([0.4, 12.3, 1500, 59_990, 61_000].map(durationText)).toEqual(['0 ms', '12 ms', '1.5 s', '60.0 s', '1 min 1 s']);
});

test('Columns start at the same place, whatever paints them, and fit the width', () => {
  const red = (text: string): string => `<${text}>`;
  const rows = [[{ text: 'a', paint: red }, { text: 'long text' }], [{ text: '🐾🐾🐾' }, { text: 'x', paint: red }, { text: '' }]];
  expect(alignColumns(rows)).toEqual(['<a>    long text', '🐾🐾🐾  <x>']);
  expect(alignColumns(rows, 9)).toEqual(['<a>    lon…', '🐾🐾🐾  <x>']);
});

test('Colours are for terminals, unless NO_COLOR or a dumb terminal says otherwise', () => {
  const red = (stream: Sink, env: Record<string, string>, text = 'x'): string => {
    const { ink, shown } = paletteFor(stream, env);
    return shown(ink('red', text));
  };
  const terminal = new Sink({ isTTY: true });
  expect(red(terminal, {})).toBe('\u001b[31mx\u001b[39m');
  expect(red(terminal, {}, '')).toBe('');
  expect(red(terminal, { NO_COLOR: '' })).toBe('\u001b[31mx\u001b[39m');
  expect(red(terminal, { NO_COLOR: '1' })).toBe('x');
  expect(red(terminal, { TERM: 'dumb' })).toBe('x');
  expect(red(new Sink(), {})).toBe('x');
});

test('Only what is painted here commands the terminal', () => {
  const text = 'a\u001b[31mb\u001b]0;title\u0007\u009b2J';
  const escaped = 'a\\u001b[31mb\\u001b]0;title\\u0007\\u009b2J';
  const { ink, shown } = paletteFor(new Sink({ isTTY: true }), {});
  expect(shown(`${text} ${ink('bold', text)} ${text}`)).toBe(`${escaped} \u001b[1m${escaped}\u001b[22m ${escaped}`);
  expect(paletteFor(new Sink(), {}).shown(text)).toBe(escaped);
  expect(alignColumns([[{ text }, { text: 'a\n\tb' }], [{ text: '' }, { text: 'x' }]])).toEqual([`${escaped}  a\\n\\tb`, `${' '.repeat(escaped.length)}  x`]);
});

describe('the live line', () => {
  function withFakeTime(body: (advance: (ms: number) => void) => void): void {
    vi.useFakeTimers();
    try {
      body((ms) => vi.advanceTimersByTime(ms));
    } finally {
      vi.useRealTimers();
    }
  }

  test('is written over at a terminal, makes room for others, and goes', () => {
    withFakeTime((advance) => {
      const terminal = new Sink({ isTTY: true, columns: 10 });
      let step = 0;
      const live = new LiveLine(terminal, () => `step ${++step} of many`);
      expect(terminal.text).toBe('');
      advance(200);
      terminal.write('other\n');
      advance(100);
      live.stop();
      terminal.write('after\n');
      advance(1000);
      const erase = '\r\u001b[2K';
      expect(terminal.text).toBe(`${erase}step 1 o…${erase}step 2 o…${erase}other\n${erase}step 3 o…${erase}after\n`);
    });
  });

  test('is a line from time to time where there is no terminal', () => {
    withFakeTime((advance) => {
      const file = new Sink();
      const live = new LiveLine(file, () => 'still here');
      advance(9_999);
      expect(file.text).toBe('');
      advance(20_000);
      live.stop();
      advance(60_000);
      expect(file.text).toBe('still here\nstill here\n');
    });
  });
});
