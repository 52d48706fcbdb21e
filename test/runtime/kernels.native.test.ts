/**
 * Tests that kernels are compiled with the instructions of an op table, and report a program with other instructions.
 */
import { abs } from '../../compiler/ops/primitive/derived-pointwise.ts';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { SpadeworkError } from '../../dsl/errors.ts';
import { number } from '../../compiler/ir/op.ts';
import type { Op } from '../../compiler/ir/node.ts';
import { encodeSavedModel } from '../../compiler/lower/saved-model.ts';
import { ops } from '../../compiler/ops/index.ts';
import { ensureNativeEngine, findNativeEngine } from '../../runtime/engine/install.ts';
import { instructionsHeader } from '../../runtime/engine/instructions.ts';
import { ensureKernels } from '../../runtime/engine/kernels.ts';
import { findOwnLibrary } from '../../runtime/engine/own-library.ts';
import type { ReadyEngine } from '../../runtime/engine/types.ts';
import { full } from '../support/engines.ts';
import { engineUrl, runScript } from './engine-support.ts';

const silent = { log: () => undefined };
const found = await findNativeEngine(silent);
// Kernels with other sources are compiled again.
const cached = found.kind === 'ready' ? await ensureNativeEngine(silent) : found;

const folder = mkdtempSync(join(tmpdir(), 'spadework-kernels-'));
afterAll(() => rmSync(folder, { recursive: true }));

const hasKernels = cached.kind === 'ready' && cached.kernels.kind === 'ready';

/** Gives the set-up engine, in tests that require it. */
function engine(): ReadyEngine {
  if (cached.kind === 'unavailable') throw cached.error;
  return cached;
}

/** A new op: x / (c + |x|), with statements, a parameter and another op's instruction. */
const softsign: Op = {
  ...abs,
  name: 'softsign',
  attrs: { c: number('where the result is half of its limit') },
  instruction: { cpp: '\n  const float size = c + abs(x);\n  return x / size;', parameters: ['c'] },
};

/** Runs a fused program over x = [-3, 0, 1] and y = [1, 2, 4] in a separate process; gives the first result. */
async function compute(
  { folder: place, kernels }: Pick<ReadyEngine, 'folder' | 'kernels'>,
  program: string,
): Promise<number[]> {
  if (kernels.kind === 'absent') throw new Error(kernels.reason);
  const model = mkdtempSync(join(folder, 'model-'));
  const float = { type: 'f32' } as const;
  const placeholder = (name: string) =>
    ({ name, op: 'Placeholder', inputs: [], attrs: { dtype: float } }) as const;
  const fused = {
    name: 'z',
    op: 'SpadeworkFused',
    inputs: ['x', 'y'],
    attrs: { program: { string: program }, Tin: { types: ['f32', 'f32'] }, Tout: { types: ['f32'] } },
  } as const;
  writeFileSync(join(model, 'saved_model.pb'), encodeSavedModel([placeholder('x'), placeholder('y'), fused]));
  const { output } = await runScript(`
    const { loadBinding } = await import('${engineUrl('load-binding.ts')}');
    const tf = loadBinding('${place}', { kernels: '${kernels.file}' });
    const { binding } = tf.backend();
    const model = binding.loadSavedModel('${model}', 'serve');
    const inputs = tf.backend().getInputTensorIds([tf.tensor1d([-3, 0, 1]), tf.tensor1d([1, 2, 4])]);
    const [result] = binding.runSavedModel(model, inputs, 'x:0,y:0', 'z:0');
    console.log(JSON.stringify([...binding.tensorDataSync(result.id)]));
  `);
  return JSON.parse(output) as number[];
}

const over = (statements: string): string => `domain 3; load 0 3; load 1 3; ${statements}; -> store 2 3`;

describe.skipIf(!hasKernels)('kernels', { tags: ['needs-native', 'needs-compiler'] }, () => {
  it('compute the instructions that they were compiled with', async () => {
    expect(await compute(engine(), over('maximum 0,1'))).toEqual([1, 2, 4]);
  });

  it.each([
    ['softsign 0 1', /the instruction 'softsign', which these kernels were compiled without.*--rebuild/],
    ['abs 0,1', /gives the instruction 'abs' 2 operands and 0 parameters, and it takes 1 operands and 0 /],
    ['leaky_relu 0', /gives the instruction 'leaky_relu' 1 operands and 0 parameters, and it takes .* 1 /],
  ])('refuse %s with what they have', async (statement, message) => {
    await expect(compute(engine(), over(statement))).rejects.toThrow(message);
  });

  it('are compiled with the instructions of any op table', full, async () => {
    const original = engine().folder;
    const library = findOwnLibrary(original);
    if (library instanceof SpadeworkError) throw library;
    const copy = join(folder, 'engines', 'engine');
    mkdirSync(copy, { recursive: true });
    for (const name of readdirSync(original).filter((each) => !each.startsWith('kernels-')))
      symlinkSync(join(original, name), join(copy, name));
    const setup = {
      environment: process.env,
      engines: join(folder, 'engines'),
      log: () => undefined,
      rebuild: false,
      mayBuild: true,
      instructions: instructionsHeader([...ops, softsign]),
    };
    const made = { folder: copy, kernels: await ensureKernels(copy, library, setup) };
    expect(await compute(made, over('softsign 0 1'))).toEqual([-0.75, 0, 0.5]);
    expect(await compute(made, over('maximum 0,1'))).toEqual([1, 2, 4]);
  });
});
