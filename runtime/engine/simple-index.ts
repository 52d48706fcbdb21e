/** Downloads a wheel from a Python package index over HTTP, for machines without pip and uv (PEP 503 and PEP 691). */
import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { WheelRecipe } from './recipe.ts';

const jsonPage = 'application/vnd.pypi.simple.v1+json';

/** Finds the address of the file named `file` on a project's page, which came from `pageUrl`; undefined if absent. */
export function findFileUrl(
  page: { readonly text: string; readonly contentType: string },
  pageUrl: string,
  file: string,
): string | undefined {
  const links = page.contentType.startsWith(jsonPage) ? linksOfJson(page.text) : linksOfHtml(page.text);
  const link = links.find(({ name }) => name === file);
  return link === undefined ? undefined : new URL(link.href, pageUrl).href;
}

interface Link {
  readonly name: string;
  readonly href: string;
}

function linksOfJson(text: string): Link[] {
  const page = JSON.parse(text) as { files?: { filename: string; url: string }[] };
  return (page.files ?? []).map(({ filename, url }) => ({ name: filename, href: url }));
}

function linksOfHtml(text: string): Link[] {
  return [...text.matchAll(/<a\s[^>]*?href\s*=\s*(?:"([^"]*)"|'([^']*)')[^>]*>([^<]*)<\/a>/gi)].map(
    ([, double, single, name]) => ({
      name: name!.trim(),
      href: (double ?? single)!.replaceAll('&amp;', '&').replaceAll('&#38;', '&'),
    }),
  );
}

/** Downloads the wheel to `target`, telling `onBytes` how much has arrived. Throws an Error with a one-line reason. */
export async function downloadFromIndex(
  indexUrl: string,
  wheel: WheelRecipe,
  target: string,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const page = await request(`${indexUrl}${wheel.project}/`, `${jsonPage}, text/html;q=0.5`);
  const found = findFileUrl(
    { text: await page.text(), contentType: page.headers.get('content-type') ?? '' },
    page.url,
    wheel.file,
  );
  if (found === undefined) throw new Error('the index does not list the file');
  const response = await request(sameHostSecrets(found, indexUrl), '*/*');
  if (response.body === null) throw new Error('the index sent nothing');
  let bytes = 0;
  const count = new Transform({
    transform(part: Buffer, _encoding, done) {
      bytes += part.length;
      onBytes(bytes);
      done(null, part);
    },
  });
  await pipeline(
    Readable.fromWeb(response.body as import('node:stream/web').ReadableStream),
    count,
    createWriteStream(target),
  );
}

/** Carries the name and password of the index over to a file on the same host, as pip does. */
function sameHostSecrets(fileUrl: string, indexUrl: string): string {
  const [file, index] = [new URL(fileUrl), new URL(indexUrl)];
  if (file.host === index.host && index.username !== '') {
    file.username = index.username;
    file.password = index.password;
  }
  return file.href;
}

async function request(address: string, accept: string): Promise<Response> {
  const url = new URL(address);
  const headers: Record<string, string> = { accept };
  if (url.username !== '') {
    // fetch refuses an address with a name and password inside.
    const secret = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers['authorization'] = `Basic ${Buffer.from(secret).toString('base64')}`;
    url.username = url.password = '';
  }
  let response: Response;
  try {
    response = await fetch(url, { headers });
  } catch (error) {
    const cause = (error as Error).cause;
    throw new Error(`${url.host} cannot be reached${cause instanceof Error ? ` (${cause.message})` : ''}`, {
      cause: error,
    });
  }
  if (!response.ok) throw new Error(`${url.host} answered ${response.status} for ${url.pathname}`);
  return response;
}
