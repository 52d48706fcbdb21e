/**
 * Tests the commands that import and export weights, from an official-looking file to pictures and back.
 *
 * @module-tag full
 */
import { SpadeworkError } from '../../dsl/errors.ts';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { check } from '../../compiler/index.ts';
import type { NetworkSpec, Spec } from '../../compiler/format/types.ts';
import { variablesOf } from '../../compiler/build/step.ts';
import { fileProvider } from '../../runtime/specs/read.ts';
import { readSafetensors, writeSafetensors } from '../../runtime/weights/safetensors.ts';
import { importWeights, type ImportOptions } from '../../runtime/exchange/exchange.ts';
import { initialValues } from '../../runtime/session/session.ts';
import { loadWeights } from '../../runtime/run/weights.ts';
import { loadMapping } from '../../runtime/weights/load-mapping.ts';
import { writeOfficial } from '../../runtime/weights/write-official.ts';
import { makeTinyExperiment, removeFolder, tinySpec } from '../support/tiny-experiment.ts';
import { runCli } from './run-cli.ts';

const fixtures = fileURLToPath(new URL('../fixtures/weights/', import.meta.url));
let folder: string;
const at = (...path: string[]): string => join(folder, ...path);
const environment = { SPADEWORK_ENGINE: 'portable' };
const run = (...words: string[]) => runCli(words, { folder, environment });
const containing = (text: string): string => expect.stringContaining(text) as string;
const matching = (pattern: RegExp): string => expect.stringMatching(pattern) as string;

/** Writes weights of a network given as a text, drawn with a seed, in the official code's format. */
async function writeWeights(text: string, name: string, seed: number, file: string): Promise<void> {
  const { spec } = check({ name: 'tiny.spade', text }, fileProvider());
  const { variables } = spec!.networks.find((network) => network.name === name) as NetworkSpec;
  const drawn = initialValues(variablesOf(spec!), seed);
  const values = new Map(variables.map((one) => [one.name, drawn.get(`${name}.${one.name}`)!]));
  await writeOfficial(variables, values, loadMapping('spade'), at(file));
}

/** Reads the variables of a run's checkpoint. */
async function checkpointOf(folderOfRun: string, step: string): Promise<Map<string, Float32Array>> {
  const { tensors } = await readSafetensors(at(folderOfRun, 'checkpoints', step, 'variables.safetensors'));
  return new Map([...tensors].map(([name, { values }]) => [name, values]));
}

const averaged = tinySpec({ train: 'steps: 2, seed: 7' }).replace(
  'optimize G with adam(rate: 1e-3,',
  'optimize G with adam(average: 0.5, rate: 1e-3,',
);

beforeAll(async () => {
  ({ folder } = await makeTinyExperiment());
  writeFileSync(at('averaged.spade'), averaged);
  await writeWeights(tinySpec(), 'G', 1, 'net_G.safetensors');
  await writeWeights(tinySpec(), 'D', 2, 'net_D.safetensors');
});
afterAll(() => removeFolder(folder));

describe('import', () => {
  it('makes a run of a spec, which paints, takes further networks and trains on', async () => {
    const words = ['--spec', 'tiny.spade', '--network', 'G', '--mapping', 'spade', '--out', 'official'];
    const made = await run('import', 'net_G.safetensors', ...words);
    expect(made).toMatchObject({ code: 0, out: 'official\n' });
    expect(made.err).toMatch(/^net_G\.safetensors \(safetensors, mapping spade\): \d+ matched$/m);
    const more = ['--run', 'official', '--network', 'D', '--mapping', 'spade'];
    expect(await run('import', 'net_D.safetensors', ...more, '--quiet')).toEqual({
      code: 0,
      out: 'official\n',
      err: '',
    });
    const painted = await run('synth', 'official', '--labels', 'data/test-labels', '--out', 'painted');
    expect(painted).toMatchObject({ code: 0, out: 'painted/index.html\n' });
    expect(readdirSync(at('painted')).filter((name) => name.endsWith('.png'))).toContain('test0.png');
    expect(readFileSync(at('official', 'index.html'), 'utf8')).toContain('tiny');
    const resumed = await run('resume', 'official', '--steps', '1');
    expect(resumed).toMatchObject({ code: 0, out: 'official/index.html\n' });
  });

  it('gives back the same file by export', async () => {
    const words = ['--spec', 'tiny.spade', '--network', 'G', '--mapping', 'spade', '--out', 'same'];
    expect((await run('import', 'net_G.safetensors', ...words)).code).toBe(0);
    const out = await run('export', 'same', '--network', 'G', '--mapping', 'spade', '-o', 'back.safetensors');
    expect(out).toMatchObject({ code: 0, out: 'back.safetensors\n', err: matching(/^\d+ tensors of G$/m) });
    expect(readFileSync(at('back.safetensors')).equals(readFileSync(at('net_G.safetensors')))).toBe(true);
    // The official code's name for this layer; it has no `mlp_shared.weight`.
    expect(readFileSync(at('back.safetensors'), 'latin1')).toContain('"head_0.norm_0.mlp_shared.0.weight"');
  });

  it('into a trained run replaces weights and averages, and forgets what the optimizer knew', async () => {
    expect((await run('train', 'averaged.spade', '--out', 'trained', '--quiet')).code).toBe(0);
    const before = await checkpointOf('trained', 'step-000002');
    const words = ['--run', 'trained', '--network', 'G', '--mapping', 'spade'];
    expect(await run('import', 'net_G.safetensors', ...words)).toMatchObject({
      code: 0,
      err: containing('The weights of G are in the checkpoint of step 2.'),
    });
    const after = await checkpointOf('trained', 'step-000002');
    const drawn = initialValues(variablesOf(check({ name: 'a', text: tinySpec() }, fileProvider()).spec!), 1);
    expect(after.get('G.fc.weight')).toEqual(drawn.get('G.fc.weight'));
    expect(after.get('G.fc.weight/average')).toEqual(drawn.get('G.fc.weight'));
    expect(before.get('G.fc.weight/v')!.some((value) => value !== 0)).toBe(true);
    expect(after.get('G.fc.weight/v')!.every((value) => value === 0)).toBe(true);
    const other = [...before.keys()].filter((name) => name.startsWith('D.'));
    expect(other.map((name) => after.get(name))).toEqual(other.map((name) => before.get(name)));
  });

  it('refuses what does not fit, writes nothing, and takes the rest where it is told to', async () => {
    writeFileSync(at('four.spade'), tinySpec().replace('classes: 3', 'classes: 4'));
    const words = ['--spec', 'four.spade', '--network', 'G', '--mapping', 'spade', '--out', 'four'];
    const refused = await run('import', 'net_G.safetensors', ...words);
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toMatch(/^ {2}fc\.weight +32x3x3x3 +32x4x3x3 +fc\.weight$/m);
    expect(refused.err).toContain('takes 3 channels, this network 4');
    expect(refused.err).toContain('--partial takes what fits');
    expect(existsSync(at('four'))).toBe(false);
    const partial = await run('import', 'net_G.safetensors', ...words, '--partial');
    expect(partial).toMatchObject({ code: 0, out: 'four\n', err: containing('of another shape') });
    const nothing = await run('import', 'net_D.safetensors', ...words, '--partial', '--overwrite');
    expect(nothing).toMatchObject({ code: 1, err: containing('none of the weights fits the network') });
  });

  it('says with which network or mapping everything would fit', async () => {
    const words = ['--spec', 'tiny.spade', '--out', 'other'];
    const otherNetwork = await run('import', 'net_D.safetensors', ...words, '--network', 'G');
    expect(otherNetwork).toMatchObject({
      code: 1,
      err: containing('hint: everything fits with --network D --mapping spade\n'),
    });
    const otherMapping = [...words, '--network', 'G', '--mapping', 'pix2pixhd'];
    const { code, err } = await run('import', 'net_G.safetensors', ...otherMapping);
    expect(code).toBe(1);
    // Without statistics, a generator has equal names in both codes.
    expect(err).toMatch(/^hint: everything fits with --network G --mapping (?:oasis|spade)$/m);
    expect(existsSync(at('other'))).toBe(false);
  });

  it('paints without the networks that only losses need, where their weights are missing', async () => {
    const text = tinySpec()
      .replace('use norms', 'use features { Vgg19 }\nuse losses { perceptual }\nuse norms')
      .replace('loss G =', 'let V = Vgg19(width: 2)\n  load V from "absent.pth"\n  loss G = perceptual(V) +');
    writeFileSync(at('perceptual.spade'), text);
    const words = ['--spec', 'perceptual.spade', '--network', 'G', '--mapping', 'spade', '--out', 'unseen'];
    const made = await run('import', 'net_G.safetensors', ...words);
    expect(made).toMatchObject({ code: 0, err: containing('loads into V are not there') });
    const painted = await run('synth', 'unseen', '--labels', 'data/test-labels', '--out', 'painted-unseen');
    expect(painted.code).toBe(0);
    expect((await run('resume', 'unseen', '--steps', '1')).code).toBe(1);
  });

  it('never runs anything of a file', async () => {
    const words = ['--spec', 'tiny.spade', '--network', 'G', '--out', 'harmed'];
    const { code, err } = await run('import', join(fixtures, 'evil_global.pth'), ...words);
    expect(code).toBe(1);
    expect(err).toMatch(
      /is refused: it holds no tensors, but objects of Python: 'w' is made by 'posix\.system'.*\nhint: where you trust the file/,
    );
    expect(existsSync(at('harmed'))).toBe(false);
  });

  it('is used with a spec or with a run, and for one network', async () => {
    const both = ['import', 'net_G.safetensors', '--run', 'a', '--spec', 'tiny.spade', '--network', 'G'];
    expect(await run(...both)).toMatchObject({
      code: 2,
      err: containing("cannot be used with option '--spec <file>'"),
    });
    expect(await run('import', 'net_G.safetensors', '--network', 'G')).toMatchObject({
      code: 1,
      err: containing('name a spec (--spec FILE) to start a run of, or a run'),
    });
  });

  it('says what is missing or misspelled', async () => {
    const file = at('net_G.safetensors');
    const { spec, sources } = check({ name: at('tiny.spade'), text: tinySpec() }, fileProvider());
    const good = { file, spec: spec!, sources, network: 'G', mapping: 'spade', command: 'spadework import' };
    const refused = (change: Partial<ImportOptions>) => expect(importWeights({ ...good, ...change })).rejects;
    await refused({ network: 'g' }).toThrow("there is no network 'g'\nhint: did you mean 'G'?");
    await refused({ mapping: 'spad' }).toThrow("did you mean 'spade'?");
    await refused({ inside: 'net' }).toThrow("has nothing under 'net'");
    await refused({ file: at('absent.pth') }).toThrow(`there is no file '${at('absent.pth')}'`);
    await refused({ run: at('absent') }).toThrow('holds no run');
    const { data: _data, ...dataless } = spec!;
    await refused({ spec: dataless }).toThrow("'tiny' declares no data");
    mkdirSync(at('full'));
    writeFileSync(at('full', 'letter.txt'), 'dear');
    await refused({ out: at('full') }).toThrow('is not empty and holds no run');
  });
});

describe('hints and refusals', () => {
  const specOf = (text: string): Spec => check({ name: at('tiny.spade'), text }, fileProvider()).spec!;
  /** Imports in this process; gives the output, and the error if there is one. */
  async function importing(options: Partial<ImportOptions>): Promise<{ said: string; failed: boolean }> {
    const lines: string[] = [];
    const whole = {
      spec: specOf(tinySpec()),
      sources: [{ name: at('tiny.spade'), text: tinySpec() }],
      network: 'G',
      command: '',
      overwrite: true,
    };
    try {
      const log = (line: string): void => void lines.push(line);
      await importWeights({ ...whole, ...options, log } as ImportOptions);
      return { said: lines.join('\n'), failed: false };
    } catch (error) {
      if (!(error instanceof SpadeworkError)) throw error;
      return { said: error.message, failed: true };
    }
  }

  it('name the copies of a network with the option that takes each, and can be followed', async () => {
    const { tensors } = await readSafetensors(at('net_G.safetensors'));
    const copies = ['netG.module.', 'netG_ema.'].flatMap((start) =>
      [...tensors].map(([name, one]) => ({ ...one, name: start + name })),
    );
    const file = at('both.safetensors');
    await writeSafetensors(
      file,
      copies,
      copies.map(({ values }) => values),
    );
    const out = at('parts');
    const wrongPart = await importing({ file, out, inside: 'net', mapping: 'spade' });
    expect(wrongPart).toEqual({
      failed: true,
      said: containing('lie under --inside netG_ema, --inside netG.module'),
    });
    const wrongMapping = await importing({ file, out, inside: 'netG', mapping: 'pix2pixhd' });
    const hint = /hint: everything fits with --network G --mapping (\w+) --inside (\S+)$/.exec(
      wrongMapping.said,
    );
    expect(hint?.[2]).toBe('netG.module');
    const followed = await importing({ file, out, mapping: hint![1], inside: hint![2] });
    expect(followed).toEqual({ failed: false, said: containing("read under 'netG.module'") });
    const chosen = await importing({ file, out, mapping: 'spade' });
    expect(chosen).toEqual({
      failed: false,
      said: containing('everything fits elsewhere in the file, too: --inside netG.module'),
    });

    // The choice is also reported in quiet mode, and when a spec loads the file.
    const words = ['--spec', 'tiny.spade', '--network', 'G', '--mapping', 'spade', '--out', 'quiet'];
    const taken = `warning[one-of-copies]: '${file}' holds G 2 times, read is 'netG_ema'\nhint: everything fits elsewhere in the file, too: --inside netG.module`;
    const quiet = await run('import', file, ...words, '--quiet');
    expect([quiet.code, quiet.err]).toEqual([0, containing(taken)]);
    const said: string[] = [];
    await loadWeights(
      specOf(tinySpec().replace('let D =', `load G from "${file}" naming "spade"\n  let D =`)),
      (line) => said.push(line),
    );
    expect(said).toEqual([containing(taken)]);
  });

  it('say which values are not finite, in import and in load, before anything is written', async () => {
    const { tensors } = await readSafetensors(at('net_G.safetensors'));
    const spoilt = [...tensors].map(([name, { shape, values }]) => ({ name, shape, values: values.slice() }));
    const [bad] = spoilt.filter(({ name }) => name === 'fc.bias');
    bad!.values[1] = NaN;
    const file = at('nan.safetensors');
    await writeSafetensors(
      file,
      spoilt,
      spoilt.map(({ values }) => values),
    );
    const said = `'fc.bias' (${bad!.values.length}): 1 of ${bad!.values.length}, the first at [1] (NaN)`;
    const out = at('spoilt');
    expect(await importing({ file, out, mapping: 'spade' })).toEqual({
      failed: true,
      said: containing(said),
    });
    expect(existsSync(out)).toBe(false);
    const load = (naming: string): Spec =>
      specOf(tinySpec().replace('let D =', `load G from "${file}" naming "${naming}"\n  let D =`));
    await expect(loadWeights(load('spade'))).rejects.toThrow(said);
    const hint = `hint: everything fits with: load G from "${file}" naming "`;
    const wrongNaming = await loadWeights(load('pix2pixhd')).then(
      () => '',
      (error: Error) => error.message,
    );
    expect(wrongNaming).toContain(hint);
    const naming = wrongNaming.split(hint)[1]?.split('"')[0] ?? '';
    await expect(loadWeights(load(naming))).rejects.toThrow(said);
  });
});

describe('export', () => {
  it('takes averages where the run keeps them', async () => {
    expect((await run('train', 'averaged.spade', '--out', 'moving', '--quiet')).code).toBe(0);
    const words = ['export', 'moving', '--network', 'G', '--mapping', 'spadework'];
    expect((await run(...words, '-o', 'now.safetensors', '--quiet')).err).toBe('');
    expect((await run(...words, '-o', 'average.safetensors', '--average')).code).toBe(0);
    const values = await checkpointOf('moving', 'step-000002');
    const read = async (file: string) => (await readSafetensors(at(file))).tensors.get('fc.weight')!.values;
    expect(await read('now.safetensors')).toEqual(values.get('G.fc.weight'));
    expect(await read('average.safetensors')).toEqual(values.get('G.fc.weight/average'));
    const none = await run('export', 'moving', '--network', 'D', '--average', '-o', 'd.safetensors');
    expect(none).toMatchObject({ code: 1, err: containing("no moving averages of the weights of 'D'") });
  });

  it('makes the folder that the file goes to', async () => {
    const words = ['export', 'moving', '--network', 'G', '-o', 'new/folder/net.safetensors'];
    expect((await run(...words)).code).toBe(0);
    expect(existsSync(at('new', 'folder', 'net.safetensors'))).toBe(true);
  });

  it('says what is in the way of the file to write', async () => {
    const { code, err } = await run('export', 'moving', '--network', 'G', '-o', 'tiny.spade/net.safetensors');
    expect(code).toBe(1);
    expect(err).toMatch(/tiny\.spade' is in the way of what is to be written: it is a file.*\nhint: .*--out/);
  });

  it('gives no safetensors the name of another format', async () => {
    const { code, err } = await run('export', 'moving', '--network', 'G', '-o', 'net_G.pth');
    expect([code, err]).toEqual([1, containing("'net_G.pth' would hold safetensors")]);
    expect(existsSync(at('net_G.pth'))).toBe(false);
  });
});
