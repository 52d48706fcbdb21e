/** Tests the native engine, if it is set up on this machine, and its set-up from a local library. */
import { SpadeworkError } from '../../dsl/errors.ts';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeSavedModel } from '../../compiler/lower/saved-model.ts';
import { createBuildFolder, engineKey, enginesFolder } from '../../runtime/engine/cache.ts';
import { chooseEngine } from '../../runtime/engine/choose.ts';
import { findNativeEngine } from '../../runtime/engine/install.ts';
import { loadNative } from '../../runtime/engine/native.ts';
import type { ReadyEngine } from '../../runtime/engine/types.ts';
import { notSetUp } from '../../runtime/engine/messages.ts';
import { findOwnLibrary } from '../../runtime/engine/own-library.ts';
import { convolve, convolveByHand, engineUrl, expectClose, runScript } from './engine-support.ts';

const cached = await findNativeEngine();

const nativeUrl = engineUrl('native.ts');

const folder = mkdtempSync(join(tmpdir(), 'spadework-engine-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the native engine', { tags: 'needs-native' }, () => {
  it('convolves, and knows the version of its library', async () => {
    const tf = await loadNative();
    expect(tf.getBackend()).toBe('tensorflow');
    expectClose(convolve(tf), convolveByHand());
    const engine = await chooseEngine('native', () => undefined);
    expect(engine).toMatchObject({ kind: 'native', libraryVersion: (cached as ReadyEngine).libraryVersion });
    expect(engine.tf).toBe(tf);
  });

  it.each([
    ['on the main thread', (work: string) => `import('${nativeUrl}').then(${work})`],
    // In a worker `process.env` is a copy, so native code does not see changes made there.
    ['in a worker thread', (work: string) => startWorker(`${inWorker}.then(${work})`)],
  ])('writes nothing on its own %s', async (_place, script) => {
    const nodes = [
      { name: 'x', op: 'Placeholder', inputs: [], attrs: { dtype: { type: 'f32' } } },
      { name: 'y', op: 'AddV2', inputs: ['x', 'x'], attrs: { T: { type: 'f32' } } },
    ] as const;
    writeFileSync(join(folder, 'saved_model.pb'), encodeSavedModel(nodes));
    const work = `async ({ loadNative }) => {
      const tf = await loadNative();
      const { binding } = tf.backend();
      const model = binding.loadSavedModel('${folder}', 'serve');
      const [input] = tf.backend().getInputTensorIds([tf.tensor1d([21])]);
      const [output] = binding.runSavedModel(model, [input], 'x:0', 'y:0');
      console.log(binding.tensorDataSync(output.id)[0]);
    }`;
    const environment = { ...process.env };
    delete environment['TF_CPP_MIN_LOG_LEVEL'];
    expect(await runScript(script(work), environment)).toEqual({ output: '42\n', errors: '' });
  });
});

const inWorker = `import('tsx/esm/api').then(({ tsImport }) => tsImport('${nativeUrl}', '${nativeUrl}'))`;

function startWorker(source: string): string {
  return `
    import { Worker } from 'node:worker_threads';
    new Worker(${JSON.stringify(source)}, { eval: true, execArgv: [] });
  `;
}

describe('a real set-up', { tags: ['full', 'needs-native', 'needs-compiler'] }, () => {
  it(
    'by two processes at once makes one engine, after clearing away a killed one',
    { timeout: 180_000 },
    async () => {
      // The cached library replaces a user's own, so nothing is downloaded.
      const library = join((cached as ReadyEngine).folder, 'tensorflow');
      const environment = { ...process.env, SPADEWORK_CACHE: folder, SPADEWORK_LIBTENSORFLOW: library };
      const place = findOwnLibrary(library);
      if (place instanceof SpadeworkError) throw place;
      const key = engineKey({ folder: place.folder, files: place.libraries });
      const engines = enginesFolder(environment);
      createBuildFolder(engines, key);
      const script = `
      const { ensureNativeEngine } = await import('${engineUrl('install.ts')}');
      console.log(JSON.stringify(await ensureNativeEngine()));
    `;
      const results = await Promise.all([1, 2].map(() => runScript(script, environment)));
      const made = results.map(({ output }) => JSON.parse(output) as ReadyEngine);
      expect(made.map(({ origin }) => origin).sort()).toEqual(['built', 'cached']);
      expect(made[0]).toMatchObject({ kind: 'ready', folder: join(engines, key) });
      expect(readdirSync(engines)).toEqual([key]);
      // Damage is detected, and repaired only by a set-up.
      writeFileSync(join(engines, key, 'tfjs_binding.node'), 'damaged');
      expect(await findNativeEngine({ environment })).toEqual({ kind: 'unavailable', error: notSetUp() });
    },
  );
});
