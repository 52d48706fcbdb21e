/**
 * Tests that a changed checkpoint is refused with the name of the changed file, and that checkpoints of the format
 * without digests open.
 */
import { SpadeworkError } from '../../dsl/errors.ts';
import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Variable } from '../../compiler/ir/variables.ts';
import {
  loadBestCheckpoint,
  loadCheckpoint,
  loadLastCheckpoint,
  loadWholeCheckpoint,
  markBest,
  readBest,
  saveCheckpoint,
  stepName,
} from '../../runtime/run/checkpoint.ts';
import { checkpointDamaged, checkpointLeftOut, lastCheckpointDamaged } from '../../runtime/run/messages.ts';
import { digestOf } from '../../runtime/weights/digests.ts';
import { openWeights } from '../../runtime/weights/file.ts';

let folder: string;
const of = (step: number, ...path: string[]): string => join(folder, stepName(step), ...path);
const variable: Variable = {
  name: 'G.weight',
  network: 'G',
  role: 'parameter',
  type: { dtype: 'f32', shape: [2, 2] },
  initializer: { kind: 'constant', value: 0 },
};

async function save(step: number): Promise<void> {
  const values = new Map([[variable.name, Float32Array.of(step, 2, 3, 4)]]);
  const session = { program: { variables: [variable] }, readVariables: () => Promise.resolve(values) };
  const state = { specFormat: 'spadework/1', step, epoch: step, seconds: 1, seed: 0, engine: 'none' };
  await saveCheckpoint(folder, session, new Set(), state);
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spadework-digests-'));
  await save(50);
  await save(60);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Gives the reason why the last checkpoint is refused; the error must be for users and have a hint. */
async function refusal(): Promise<string> {
  const error = await loadLastCheckpoint(folder, 'run').then(
    () => undefined,
    (one: unknown) => one,
  );
  expect(error).toBeInstanceOf(SpadeworkError);
  const { blame, message } = error as SpadeworkError;
  const start = `${checkpointDamaged(of(60), '')}`;
  const [, hint] = lastCheckpointDamaged('', 'run', 50).message.split('\n');
  expect([blame, message.slice(0, start.length), message.split('\n').at(-1)]).toEqual(['input', start, hint]);
  return message.split('\n')[0]!.slice(start.length);
}

describe('a checkpoint', () => {
  it('lists the digests of its files as sha256sum does', () => {
    const lines = readFileSync(of(60, 'SHA256SUMS'), 'utf8').trimEnd().split('\n');
    const names = readdirSync(of(60)).filter((name) => name !== 'SHA256SUMS');
    expect(lines).toEqual(names.sort().map((name) => `${digestOf(readFileSync(of(60, name)))}  ${name}`));
  });

  it.each(['state.json', 'variables.safetensors', 'SHA256SUMS'])(
    'is refused for any byte of %s that differs',
    async (name) => {
      const whole = readFileSync(of(60, name));
      for (let place = 0; place < whole.length; place++) {
        const bytes = Buffer.from(whole);
        bytes[place]! ^= 1;
        writeFileSync(of(60, name), bytes);
        expect(await refusal(), `byte ${place}`).toMatch(
          /^(state\.json|variables\.safetensors|SHA256SUMS): /,
        );
      }
    },
  );

  it('with another step in it is refused, and left out by a run that goes on', async () => {
    const text = readFileSync(of(60, 'state.json'), 'utf8');
    writeFileSync(of(60, 'state.json'), text.replace('"step": 60', '"step": 10'));
    const why = `state.json: its step is 10, but the folder is ${stepName(60)}`;
    expect(await refusal()).toBe(why);
    const lines: string[] = [];
    const found = await loadWholeCheckpoint(folder, 'run', (line) => lines.push(line));
    expect(found?.state.step).toBe(50);
    expect(lines).toEqual([checkpointLeftOut(checkpointDamaged(of(60), why), 50)]);
  });

  it.each(['state.json', 'variables.safetensors', 'SHA256SUMS'])(
    'with %s cut off, of another step, or gone is refused',
    async (name) => {
      copyFileSync(of(50, name), of(60, name));
      expect(await refusal()).not.toBe('');
      truncateSync(of(60, name), 20);
      expect(await refusal()).not.toBe('');
      rmSync(of(60, name));
      expect(await refusal()).toBe(`${name}: the file is missing`);
    },
  );

  it('under the name of another step is refused', async () => {
    rmSync(of(60), { recursive: true });
    renameSync(of(50), of(60));
    cpSync(of(60), of(50), { recursive: true });
    expect(await refusal()).toBe(`state.json: its step is 50, but the folder is ${stepName(60)}`);
  });

  it('that is asked for by its step or as the best is refused in the same way', async () => {
    await markBest(folder, 60);
    truncateSync(of(60, 'variables.safetensors'), 20);
    const why = checkpointDamaged(of(60), 'variables.safetensors');
    await expect(loadCheckpoint(folder, 'run', 60)).rejects.toThrow(why);
    await expect(loadBestCheckpoint(folder, 'run')).rejects.toThrow(why);
    expect(await loadCheckpoint(folder, 'run', 7)).toBe(undefined);
  });

  it('of the format without digests opens, and is held to its folder and to its own digest', async () => {
    rmSync(of(60, 'SHA256SUMS'));
    const text = readFileSync(of(60, 'state.json'), 'utf8').replace('checkpoint/2', 'checkpoint/1');
    writeFileSync(of(60, 'state.json'), text);
    expect((await loadLastCheckpoint(folder, 'run')).values.get('G.weight')).toEqual(
      Float32Array.of(60, 2, 3, 4),
    );
    writeFileSync(of(60, 'state.json'), text.replace('"step": 60', '"step": 10'));
    expect(await refusal()).toContain('its step is 10');
    writeFileSync(of(60, 'state.json'), text);
    copyFileSync(of(50, 'variables.safetensors'), of(60, 'variables.safetensors'));
    expect(await refusal()).toContain('SHA-256 differs');
  });

  it('is held to its digests also where its weights are loaded as a file', async () => {
    const file = of(60, 'variables.safetensors');
    await openWeights(file);
    copyFileSync(of(50, 'variables.safetensors'), file);
    await expect(openWeights(file)).rejects.toThrow(
      `'${file}' is damaged: variables.safetensors: its bytes are not those`,
    );
    truncateSync(file, 3 * 2 ** 30);
    await expect(openWeights(file), 'refused by its header, before gigabytes are read').rejects.toThrow(
      'its header accounts for',
    );
  });
});

describe('the mark of the best checkpoint', () => {
  it.each([
    ['{"step": "60"}', 'step is "60", expected an integer of at least 1'],
    ['{}', 'it lacks "step"'],
    ['{"step": 6', 'it is not JSON'],
    ['', 'it is empty'],
  ])('that reads %s is refused with the place', (text, why) => {
    const file = join(folder, 'best.json');
    writeFileSync(file, text);
    expect(() => readBest(folder)).toThrow(`'${file}' is damaged: ${why}`);
  });
});
