/** Serves built pages to a browser, with files beside them, and takes what a page has found. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { whileOpen } from './chromium.ts';

/** By endings of files; others are bytes. */
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
  '.png': 'image/png',
};

/**
 * Opens a page of `folder` in Chromium, and gives what it posts to `/found`. `files` are those that it may fetch beside its own, by
 * their addresses: contents, or paths of files.
 */
export async function openServed(
  folder: string,
  page: string,
  files: ReadonlyMap<string, { readonly content: string } | { readonly path: string }>,
): Promise<unknown> {
  let take: (found: string) => void;
  const found = new Promise<string>((resolve) => (take = resolve));
  const contentOf = (name: string): string | Buffer => {
    const file = files.get(name) ?? { path: join(folder, name) };
    return 'content' in file ? file.content : readFileSync(file.path);
  };
  const server = createServer((request, response) => {
    if (request.method === 'POST') {
      void text(request).then((posted) => {
        response.end();
        take(posted);
      });
      return;
    }
    const name = nameOf(request);
    try {
      const content = contentOf(name);
      response.writeHead(200, { 'content-type': types[extname(name)] ?? 'application/octet-stream' });
      response.end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    return JSON.parse(await whileOpen(`http://127.0.0.1:${port}/${page}`, found));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const nameOf = ({ url = '' }: IncomingMessage): string =>
  decodeURIComponent(url.split('?')[0] ?? '').slice(1);
