/** An OTLP collector on loopback that decodes what it gets by the official protocol, and keeps it. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import protobuf from 'protobufjs';
import type { SeenSpan } from './log-tree.js';

const PROTO = fileURLToPath(new URL('../proto/', import.meta.url));

/** By path of a request, what its body is. */
const SIGNALS = {
  '/v1/traces': { file: 'collector/trace/v1/trace_service', type: 'collector.trace.v1.ExportTraceServiceRequest' },
  '/v1/metrics': { file: 'collector/metrics/v1/metrics_service', type: 'collector.metrics.v1.ExportMetricsServiceRequest' },
  '/v1/logs': { file: 'collector/logs/v1/logs_service', type: 'collector.logs.v1.ExportLogsServiceRequest' },
} as const;

export type Signal = keyof typeof SIGNALS;

export interface Request {
  readonly signal: Signal;
  readonly contentType: string | undefined;
  readonly isPacked: boolean;
  readonly headers: IncomingMessage['headers'];
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what the protocol says
  readonly body: any;
}

export interface Receiver {
  readonly url: string;
  readonly requests: readonly Request[];
  spans(): readonly SeenSpan[];
  /** Attributes of log records, with the trace that each belongs to. */
  records(): readonly { readonly traceId: string; readonly eventName: string; readonly attributes: Readonly<Record<string, unknown>> }[];
  /** By name and attributes, the last number that came. */
  numbers(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

/** `answer` says with which status, and may take its time, or for ever. */
export async function receive(answer: () => Promise<number> | number = () => 200): Promise<Receiver> {
  const requests: Request[] = [];
  const types = await typesOf();
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const body = await bytesOf(incoming);
      const request = decoded(incoming, body, types);
      const status = await answer();
      if (status === 200) requests.push(request);
      outgoing.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const of = (signal: Signal) => requests.filter((request) => request.signal === signal).map(({ body }) => body);
  return {
    url: `http://127.0.0.1:${String(port)}`,
    requests,
    spans: () => of('/v1/traces').flatMap(spansIn),
    records: () => of('/v1/logs').flatMap(recordsIn),
    numbers: () => Object.fromEntries(of('/v1/metrics').flatMap(numbersOf)),
    close: () => closed(server),
  };
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => { resolve(); }));
}

async function typesOf(): Promise<ReadonlyMap<string, protobuf.Type>> {
  const root = new protobuf.Root();
  root.resolvePath = (_, target) => PROTO + target;
  await root.load(Object.values(SIGNALS).map(({ file }) => `opentelemetry/proto/${file}.proto`), { keepCase: false });
  return new Map(Object.entries(SIGNALS).map(([path, { type }]) => [path, root.lookupType(`opentelemetry.proto.${type}`)]));
}

async function bytesOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  return incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
}

function decoded({ url, headers }: IncomingMessage, bytes: Buffer, types: ReadonlyMap<string, protobuf.Type>): Request {
  const signal = url as Signal;
  const type = types.get(signal)!;
  const contentType = headers['content-type'];
  const isJson = contentType === 'application/json';
  // Its JSON has ids in hexadecimal, where that of protobuf would have base64.
  const body: unknown = isJson ? JSON.parse(bytes.toString('utf8')) : type.toObject(type.decode(bytes), { longs: String, enums: Number, bytes: Buffer });
  if (isJson) {
    const problem = type.verify(withBytes(body) as Record<string, unknown>);
    if (problem !== null) throw new Error(`Not what the protocol says: ${problem}`);
  }
  return { signal, contentType, isPacked: headers['content-encoding'] === 'gzip', headers, body };
}

/** The body with its ids as bytes, for who looks whether its other fields are what they are to be. */
function withBytes(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body), (key, value: unknown) => {
    if (['traceId', 'spanId', 'parentSpanId'].includes(key)) return Buffer.from(value as string, 'hex');
    // Numbers of 64 bits come as strings.
    return typeof value === 'string' && /(Nano|count|asInt|intValue|bucketCounts)$/.test(key) ? Number(value) : Array.isArray(value) && key === 'bucketCounts' ? value.map(Number) : value;
  });
}

function hex(id: unknown): string {
  return typeof id === 'string' ? id : Buffer.from(id as Uint8Array).toString('hex');
}

/* eslint-disable @typescript-eslint/no-explicit-any -- what the protocol says */
function attributesOf(list: readonly any[] = []): Record<string, unknown> {
  return Object.fromEntries(list.map(({ key, value }) => [key, value.stringValue ?? value.boolValue ?? value.doubleValue ?? Number(value.intValue)]));
}

function spansIn({ resourceSpans }: any): readonly SeenSpan[] {
  return resourceSpans.flatMap(({ scopeSpans }: any) => scopeSpans.flatMap(({ spans }: any) => spans.map(spanOf)));
}

function spanOf({ traceId, spanId, parentSpanId, name, attributes, status, links = [], startTimeUnixNano, endTimeUnixNano }: any): SeenSpan {
  const parent = parentSpanId === undefined ? '' : hex(parentSpanId);
  return {
    traceId: hex(traceId), spanId: hex(spanId), parentSpanId: parent === '' ? undefined : parent, name, attributes: attributesOf(attributes), isError: status?.code === 2,
    links: links.map((link: any) => ({ traceId: hex(link.traceId), spanId: hex(link.spanId) })), startMs: Number(startTimeUnixNano) / 1e6, endMs: Number(endTimeUnixNano) / 1e6,
  };
}

function recordsIn({ resourceLogs }: any): ReturnType<Receiver['records']> {
  return resourceLogs.flatMap(({ scopeLogs }: any) => scopeLogs.flatMap(({ logRecords }: any) => logRecords.map(({ traceId, eventName, attributes }: any) => ({ traceId: traceId === undefined ? '' : hex(traceId), eventName, attributes: attributesOf(attributes) }))));
}

function numbersOf({ resourceMetrics }: any): readonly (readonly [string, number])[] {
  const all = resourceMetrics.flatMap(({ scopeMetrics }: any) => scopeMetrics.flatMap(({ metrics }: any) => metrics));
  return all.flatMap(({ name, sum, gauge, histogram }: any) => (sum ?? gauge ?? histogram).dataPoints.map((point: any) => {
    const labels = Object.entries(attributesOf(point.attributes)).map(([label, value]) => `${label}="${String(value)}"`).sort();
    return [labels.length === 0 ? name : `${String(name)}{${labels.join(',')}}`, Number(point.asInt ?? point.asDouble ?? point.count)] as const;
  }));
}
