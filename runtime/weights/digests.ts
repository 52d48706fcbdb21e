/**
 * Writes and checks the SHA-256 list of a folder in the format of sha256sum, which `sha256sum -c SHA256SUMS` also
 * checks. A folder with a list is complete only if every byte is as written.
 */
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readText, whileReading } from '../base/records.ts';
import { DamagedFile } from './errors.ts';

export const digestsFile = 'SHA256SUMS';

/** SHA-256 of files by name. */
export type Digests = ReadonlyMap<string, string>;

/** Gives the SHA-256 of a text or of bytes. */
export function digestOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Gives the SHA-256 of a file, which is read in pieces. */
export async function digestOfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest('hex');
}

/** Writes the list of a folder's files, and syncs it. */
export async function writeDigests(folder: string, digests: Digests): Promise<void> {
  await writeFile(join(folder, digestsFile), listOf(digests), { flush: true });
}

const listOf = (digests: Digests): string =>
  [...digests].map(([name, sha256]) => `${sha256}  ${name}\n`).join('');

/** Requires that the list of a folder matches the digests found. Throws a DamagedFile that names the differing file. */
export function requireDigests(folder: string, found: Digests): void {
  const text = readList(folder);
  if (text === undefined) throw new DamagedFile(`${digestsFile}: the file is missing`);
  if (text === listOf(found)) return;
  const listed = entriesOf(text);
  for (const [name, sha256] of found) requireSame(name, listed.get(name), sha256);
  throw new DamagedFile(`${digestsFile}: its bytes are not those that were saved`);
}

/** Requires that a file matches the list beside it, if the list names it. Throws DamagedFile. */
export async function requireListedDigest(path: string): Promise<void> {
  const [folder, name] = [dirname(path), basename(path)];
  const listed = entriesOf(readList(folder) ?? '').get(name);
  // Anything but a regular file may be endless; the caller's next read reports it.
  if (listed !== undefined && statSync(path, { throwIfNoEntry: false })?.isFile())
    requireSame(name, listed, await digestOfFile(path));
}

/** Requires that the content of a file matches the list of its folder, if the list names it. Throws DamagedFile. */
export function requireListed(folder: string, name: string, content: string): void {
  const listed = entriesOf(readList(folder) ?? '').get(name);
  if (listed !== undefined) requireSame(name, listed, digestOf(content));
}

function requireSame(name: string, listed: string | undefined, found: string): void {
  if (listed === undefined) throw new DamagedFile(`${digestsFile}: it does not list ${name}`);
  if (listed !== found)
    throw new DamagedFile(`${name}: its bytes are not those that were saved (SHA-256 differs)`);
}

/** Reads a list; undefined if there is none. Throws DamagedFile if it cannot be read. */
function readList(folder: string): string | undefined {
  return whileReading(
    digestsFile,
    (name, why) => new DamagedFile(`${name}: ${why}`),
    () => readText(join(folder, digestsFile)),
  );
}

/** Parses the entries of a list; other lines are ignored, as sha256sum does. */
function entriesOf(text: string): Digests {
  const entries = text.split('\n').map((line) => /^([0-9a-f]{64}) [ *](.+)$/.exec(line));
  return new Map(entries.flatMap((entry) => (entry ? [[entry[2]!, entry[1]!] as const] : [])));
}
