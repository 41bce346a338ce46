/** A registry of images on the loopback interface, with one image of one small file. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';
import { workspace } from './sandbox.js';

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** The name of the image, for an engine of this machine; of any other name the registry has none. */
export async function registry(): Promise<string> {
  const { blobs, manifest } = image();
  const server = createServer(({ url = '' }, response) => {
    const last = url.split('/').at(-1)!;
    if (url === '/v2/') send(response, Buffer.from('{}'), 'application/json');
    else if (url.startsWith('/v2/omnipaw/small/manifests/')) send(response, manifest, MANIFEST);
    else if (blobs.has(last)) send(response, blobs.get(last)!, 'application/octet-stream');
    else response.writeHead(404, { 'content-type': 'application/json' }).end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  onTestFinished(() => { server.close(); });
  return `127.0.0.1:${(server.address() as AddressInfo).port}/omnipaw/small:1`;
}

function send(response: ServerResponse, bytes: Buffer, type: string): void {
  response.writeHead(200, { 'content-type': type, 'content-length': bytes.length, 'docker-content-digest': digestOf(bytes) }).end(bytes);
}

function image(): { readonly blobs: ReadonlyMap<string, Buffer>; readonly manifest: Buffer } {
  const tar = execFileSync('tar', ['-C', workspace(), '-c', '.']);
  const layer = gzipSync(tar);
  const architecture = ARCHITECTURES[process.arch] ?? process.arch;
  const config = Buffer.from(JSON.stringify({ architecture, os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: [digestOf(tar)] }, history: [{ created: '2026-01-01T00:00:00Z' }] }));
  const described = (bytes: Buffer, mediaType: string): object => ({ mediaType, size: bytes.length, digest: digestOf(bytes) });
  const manifest = Buffer.from(JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: described(config, 'application/vnd.docker.container.image.v1+json'),
    layers: [described(layer, 'application/vnd.docker.image.rootfs.diff.tar.gzip')],
  }));
  return { blobs: new Map([layer, config].map((bytes) => [digestOf(bytes), bytes])), manifest };
}
