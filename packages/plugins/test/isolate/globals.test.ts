import { runInThisContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { jobOf, openPool, valueOf } from './support.js';

/** Runs the same code in the isolate and in Node, which must agree. */
async function inBoth(expression: string): Promise<void> {
  const here: unknown = runInThisContext(`(${expression})`);
  expect(await valueOf(openPool().run(jobOf(`() => (${expression})`))), expression).toEqual(JSON.parse(JSON.stringify(here)));
}

describe('globals that engines do not have and authors expect are as in Node', () => {
  test.each([
    '[..."aä€😀\\ud800x\\udc00"].map((c) => [...new TextEncoder().encode(c)])',
    '(() => { const b = new Uint8Array(5); return [new TextEncoder().encodeInto("a€😀", b), [...b]]; })()',
    '[[0x61], [0xc3, 0xa4], [0xe2, 0x82, 0xac], [0xf0, 0x9f, 0x98, 0x80], [0xff], [0xc3], [0xe2, 0x82], [0xe2, 0x28, 0xa1], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xc0, 0x80], [0xf0, 0x80, 0x80, 0x80], [0xef, 0xbb, 0xbf, 0x61], [0x80, 0x61]].map((b) => new TextDecoder().decode(new Uint8Array(b)))',
    '(() => { const d = new TextDecoder(); return [d.decode(new Uint8Array([0xf0, 0x9f]), { stream: true }), d.decode(new Uint8Array([0x98, 0x80, 0x61]), { stream: true }), d.decode(new Uint8Array([0xe2])), d.decode()]; })()',
    '(() => { try { new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array([0xff])); } catch (e) { return e.name; } })()',
    'new TextDecoder("utf-8", { ignoreBOM: true }).decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x61]))',
    'new TextDecoder().decode(new Uint8Array([1, 0x61, 0x62, 2]).subarray(1, 3))',
  ])('text: %s', inBoth);

  test.each([
    '["href","origin","protocol","username","password","host","hostname","port","pathname","search","hash"].map((k) => new URL("https://u:p@ExAmple.com:8080/a/../b?c=d#e")[k])',
    '(() => { const u = new URL("https://a.example/"); u.pathname = "/x y"; u.search = "q=1"; u.hash = "h"; u.port = "8443"; u.protocol = "http"; u.searchParams.append("z", "ü&"); u.searchParams.delete("q"); return [String(u), JSON.stringify(u), u.search]; })()',
    '(() => { const u = new URL("https://a.example/?a=1"); const p = u.searchParams; u.search = "?b=2"; return [p.get("a"), p.get("b"), p === u.searchParams, [...p]]; })()',
    '["x", "", "//a", "https://"].map((u) => { try { return new URL(u).href; } catch (e) { return e.name; } })',
    '[URL.canParse("/x", "https://a.example"), URL.canParse("nope")]',
    '(() => { const p = new URLSearchParams("a=1&b=2&a=3"); p.append("c", "4"); p.set("a", "9"); p.sort(); return [String(p), p.getAll("a"), p.has("b"), p.has("x"), [...p.keys()], [...p.values()], p.size, Object.fromEntries(p)]; })()',
    '[new URLSearchParams({ a: 1, b: "x y" }), new URLSearchParams([["a", "b"]]), new URLSearchParams(new Map([["k", "v"]])), new URLSearchParams("?q=%20+")].map(String)',
    '(() => { const seen = []; new URLSearchParams("a=1&b=2").forEach((v, k) => seen.push(k + v)); return seen; })()',
  ])('URLs: %s', inBoth);

  test.each([
    '(() => { const a = { d: new Date(5), m: new Map([[1, new Set([2])]]), r: /x/gi, l: [1, , 3], u: new Uint16Array([1, 2]), n: null }; a.self = a; const c = structuredClone(a); return [c !== a, c.self === c, +c.d, [...c.m][0][0], c.m.get(1).has(2), String(c.r), c.l.length, 1 in c.l, [...c.u], c.u.buffer !== a.u.buffer, c.n]; })()',
    '(() => { const e = structuredClone(new TypeError("x")); return [e instanceof Error, e.message, e.name]; })()',
    '[() => 1, Symbol("x"), new WeakMap(), Promise.resolve()].map((x) => { try { structuredClone({ x }); return "ok"; } catch (e) { return e.name; } })',
    '(() => { const shared = {}; const c = structuredClone([shared, shared]); return c[0] === c[1]; })()',
  ])('clones: %s', inBoth);

  test('base 64', async () => {
    await inBoth('[btoa("abc"), atob("YWJj")]');
  });
});

test('chance is evenly spread', async () => {
  const handler = '() => { const counts = Array(10).fill(0); for (let i = 0; i < 20_000; i++) counts[Math.floor(Math.random() * 10)]++; return counts; }';
  const counts = (await valueOf(openPool().run(jobOf(handler)))) as number[];
  for (const count of counts) expect(Math.abs(count - 2_000)).toBeLessThan(250);
});

test('ids are of version 4, and differ', async () => {
  const ids = (await valueOf(openPool().run(jobOf('() => Array.from({ length: 100 }, () => crypto.randomUUID())')))) as string[];
  expect(new Set(ids).size).toBe(100);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
