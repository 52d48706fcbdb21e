/** Tests which files are read as specs: only regular ones with the ending of a spec. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { check } from '../../compiler/index.ts';
import { renderDiagnostics } from '../../dsl/index.ts';
import { fileProvider, readSource } from '../../runtime/specs/read.ts';

let folder: string;
const secret = 'a secret in its first line';
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spadework-sources-'));
  writeFileSync(at('secret'), `${secret}\n`);
  symlinkSync('secret', at('link.spade'));
  symlinkSync('circle.spade', at('circle.spade'));
  symlinkSync('/dev/zero', at('zero.spade'));
  mkdirSync(at('folder.spade'));
  writeFileSync(at('bytes.spade'), Buffer.from([0xff, 0xfe, 0x00]));
  writeFileSync(at('blocks.spade'), 'block a(x) { return x }\n');
  symlinkSync('blocks.spade', at('other.spade'));
  spawnSync('mkfifo', [at('pipe.spade')]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const refused: readonly (readonly [string, string])[] = [
  ['secret', 'it is not called like a spec'],
  ['link.spade', 'it is not called like a spec'],
  ['zero.spade', 'it is not called like a spec'],
  ['circle.spade', 'its links lead in a circle'],
  ['folder.spade', 'it is a folder, expected a file'],
  ['bytes.spade', 'it is not text (UTF-8)'],
  ['gone.spade', 'there is no such file'],
  ['pipe.spade', 'it is a pipe, expected a file'],
];

describe('what is read as a spec', () => {
  it.each(refused)('is not %s: %s', (name, why) => {
    expect(readSource(at(name))).toEqual({ why: expect.stringContaining(why) as string });
    const text = `use "./${name}" { a }\nnetwork N(x: Image) { return x }`;
    const { diagnostics } = check({ name: at('main.spade'), text }, fileProvider());
    const said = renderDiagnostics(diagnostics, { color: false });
    expect(said).toContain(`cannot read ./${name}: `);
    expect(said).toContain(why);
    expect(said).toContain('main.spade:1:1');
    expect(said).not.toContain(secret);
  });

  it('is a file, and what a link to one leads to', () => {
    for (const name of ['blocks.spade', 'other.spade'])
      expect(readSource(at(name))).toEqual({ name: at(name), text: 'block a(x) { return x }\n' });
  });
});
