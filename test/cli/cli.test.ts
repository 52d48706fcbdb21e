/** Tests the commands that need no engine: what they print, and what they exit with. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinySpec } from '../support/tiny-experiment.ts';
import { runCli } from './run-cli.ts';

let folder: string;
const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return name;
};
const run = (...words: string[]) => runCli(words, { folder });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spadework-cli-'));
  write('tiny.spade', tinySpec());
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('usage', () => {
  it('is shown with examples for every command', async () => {
    for (const command of [
      'check',
      'fmt',
      'explain',
      'train',
      'resume',
      'profile',
      'synth',
      'import',
      'export',
      'doctor',
      'engine',
    ]) {
      const { code, out } = await run(command, '--help');
      expect([code, out]).toEqual([0, expect.stringContaining(`\nExamples:\n  spadework ${command}`)]);
    }
  });

  it('is asked for with exit code 2 where it is wrong', async () => {
    expect(await run('trian')).toMatchObject({
      code: 2,
      err: expect.stringContaining("unknown command 'trian'\n(Did you mean train?)") as string,
    });
    expect(await run('train')).toMatchObject({
      code: 2,
      err: expect.stringContaining("missing required argument 'file'") as string,
    });
    expect(await run('train', 'tiny.spade', '--steps', 'few')).toMatchObject({
      code: 2,
      err: expect.stringContaining('Expected a whole number from 1 on.') as string,
    });
    expect(await run('train', 'tiny.spade', '--seed', '2147483648')).toMatchObject({
      code: 2,
      err: expect.stringContaining('Expected a whole number from 0 to 2147483647.') as string,
    });
    expect((await run('synth', 'run')).code).toBe(2);
  });
});

describe('check', () => {
  it('sums up a spec without mistakes', async () => {
    expect(await run('check', 'tiny.spade')).toEqual({
      code: 0,
      out: expect.stringMatching(
        /^tiny\.spade: fine \(experiment tiny: 2 networks, [\d.]+ k parameters\)\n$/,
      ) as string,
      err: '',
    });
  });

  it('shows the mistakes of every file, each with its place', async () => {
    const wrong = write('wrong.spade', 'experiment wrong {\n  let G = Generator(width: 3\n}\n');
    const { code, out, err } = await run('check', wrong, 'absent.spade', 'tiny.spade');
    expect(code).toBe(1);
    expect(err).toContain('wrong.spade:2:29');
    expect(err).toContain("error: there is no file 'absent.spade'");
    expect(out).toContain('tiny.spade: fine');
    expect(err).not.toMatch(/^\s+at /m);
  });

  it('shows warnings, which are no mistakes', async () => {
    const text = readFileSync(
      new URL('../samples/errors/loss-without-bottom/input.spade', import.meta.url),
      'utf8',
    );
    const warned = write('warned.spade', text);
    for (const command of ['check', 'explain']) {
      const { code, err } = await run(command, warned);
      expect(code).toBe(0);
      expect(err).toContain('warning[loss-without-bottom]');
    }
  });

  it('reads what a spec imports from beside it', async () => {
    write('parts.spade', 'block double(x) {\n  return 2 * x\n}\n');
    const user = write(
      'user.spade',
      'use "parts.spade" { double }\n\nnetwork N(image: Image) {\n  return double(image)\n}\n',
    );
    expect(await run('check', user)).toMatchObject({
      code: 0,
      out: 'user.spade: fine (N: 1 network, 0 parameters)\n',
    });
    const lost = write('lost.spade', 'use "gone.spade" { double }\n');
    expect(await run('check', lost)).toMatchObject({
      code: 1,
      err: expect.stringContaining("there is no file 'gone.spade'") as string,
    });
  });
});

describe('fmt', () => {
  it('prints the canonical layout, tells files that have another, and writes it back', async () => {
    const loose = write('loose.spade', 'block  same( x ) { return x }');
    const printed = 'block same(x) {\n  return x\n}\n';
    expect(await run('fmt', loose)).toEqual({ code: 0, out: printed, err: '' });
    expect(await run('fmt', '--check', loose)).toMatchObject({
      code: 1,
      out: expect.stringContaining('loose.spade') as string,
    });
    expect(await run('fmt', '--write', loose)).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder, loose), 'utf8')).toBe(printed);
    expect(await run('fmt', '--check', loose)).toEqual({ code: 0, out: '', err: '' });
  });

  it('formats the other files where one has mistakes or is missing', async () => {
    const broken = write('broken.spade', 'block same( x ) { return');
    const loose = write('other.spade', 'block  same( x ) { return x }');
    expect(await run('fmt', '--write', broken, 'absent.spade', loose)).toMatchObject({
      code: 1,
      out: 'formatted other.spade\n',
      err: expect.stringMatching(/broken\.spade[^]*there is no file 'absent\.spade'/) as string,
    });
  });
});

describe('explain', () => {
  it('shows the networks and the training step', async () => {
    const { code, out } = await run('explain', 'tiny.spade');
    expect(code).toBe(0);
    expect(out).toContain('G = SpadeGenerator');
    expect(out).toContain('lower to TensorFlow');
  });
});
