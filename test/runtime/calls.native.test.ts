/** Tests calls of sessions on the native engine, which computes on other threads. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, expect, it } from 'vitest';
import { encodeSavedModel } from '../../compiler/lower/saved-model.ts';
import { sessionModuleOf } from '../../runtime/engine/load-binding.ts';
import { NativeSession } from '../../runtime/session/native.ts';
import { setInitialValues } from '../../runtime/session/session.ts';
import { testCallsOn } from '../support/call-tests.ts';
import { describeNative, full } from '../support/engines.ts';
import { longProgram } from '../support/long-program.ts';
import { engineUrl, runScript } from './engine-support.ts';

const folder = mkdtempSync(join(tmpdir(), 'spadework-calls-'));
afterAll(() => rmSync(folder, { recursive: true }));

await describeNative('calls in TensorFlow', (tf) => {
  testCallsOn((program) => NativeSession.open(tf, program));
  const module = sessionModuleOf(tf);

  /** Loads a graph that returns x if it is finite, and fails otherwise. */
  const loadChecked = async () => {
    const nodes = [
      { name: 'x', op: 'Placeholder', inputs: [], attrs: { dtype: { type: 'f32' } } },
      {
        name: 'y',
        op: 'CheckNumerics',
        inputs: ['x'],
        attrs: { T: { type: 'f32' }, message: { string: 'odd' } },
      },
    ] as const;
    writeFileSync(join(folder, 'saved_model.pb'), encodeSavedModel(nodes));
    const { model } = (await module.loadModel(folder)) as { model: Parameters<typeof module.deleteModel>[0] };
    const run = (values: Float32Array) =>
      module.runModel(model, ['x'], [values], [[values.length]], ['y'], [], false);
    return { model, run };
  };

  it('that fail on their thread say why, and the next one works', async () => {
    const { model, run } = await loadChecked();
    expect((await run(Float32Array.of(1, NaN))).error).toMatch(/odd.*NaN/);
    const right = await run(Float32Array.of(1, 2));
    if (right.error !== undefined) throw new Error(right.error);
    expect([...new Float32Array(module.readTensor(right.results[0]!.held))]).toEqual([1, 2]);
    module.deleteModel(model);
    expect(() => run(Float32Array.of(1))).toThrow('the model was deleted');
    expect((await module.loadModel(join(folder, 'none'))).error).toContain('none');
  });

  it('copy what they are fed with before they return', async () => {
    const { model, run } = await loadChecked();
    const values = Float32Array.of(1, 2);
    const running = run(values);
    values.fill(NaN);
    expect((await running).error).toBeUndefined();
    // Deleting a model or a tensor that a call uses waits for the call.
    const large = new Float32Array(2 ** 22);
    const last = run(large);
    module.deleteModel(model);
    expect((await last).error).toBeUndefined();
  });

  it('give values that are freed with the garbage', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { model, run } = await loadChecked();
    const counted = async (): Promise<number> => {
      // Finalizers run in their own turn of the event loop.
      for (let turn = 0; turn < 5; turn++) {
        collect();
        await new Promise((next) => setImmediate(next));
      }
      return module.countTensors();
    };
    const before = await counted();
    const kept = await Promise.all([1, 2, 3].map((value) => run(Float32Array.of(value))));
    expect(await counted()).toBe(before + 3);
    kept.length = 0;
    expect(await counted()).toBe(before);
    module.deleteModel(model);
  });

  it('leave the event loop free: timers of 20 ms come within 20 ms of their time', full, async () => {
    const session = await NativeSession.open(tf, longProgram());
    await setInitialValues(session, 1);
    await session.run('m', {}, { outputs: [] });
    const late: number[] = [];
    let going = true;
    const watch = (async () => {
      while (going) {
        const start = performance.now();
        await new Promise((fire) => setTimeout(fire, 20));
        late.push(performance.now() - start - 20);
      }
    })();
    const start = performance.now();
    let calls = 0;
    // On any machine, some timers fire during calls.
    while (late.length < 60) {
      await session.run('m', {}, { outputs: [] });
      calls++;
    }
    const perCall = (performance.now() - start) / calls;
    going = false;
    await watch;
    await session.dispose();
    // A blocking call would delay the timers that fire during it, most of them by more than half of its length.
    expect(perCall, 'a call takes long enough to see').toBeGreaterThan(50);
    // Other programs on the machine may delay a few.
    late.sort((one, other) => one - other);
    expect(late[Math.floor(0.9 * late.length)]).toBeLessThan(20);
  });

  it('that run while the process ends do no harm', full, async () => {
    const script = `
      const { loadNative } = await import('${engineUrl('native.ts')}');
      const { NativeSession } = await import('${engineUrl('../session/native.ts')}');
      const { setInitialValues } = await import('${engineUrl('../session/session.ts')}');
      const { longProgram } = await import('${engineUrl('../../test/support/long-program.ts')}');
      const session = await NativeSession.open(await loadNative(), longProgram());
      await setInitialValues(session, 1);
      await session.run('m', {});
      void session.run('m', {}).then(() => console.log('done'));
      setTimeout(() => {
        console.log('running');
        process.exit(0);
      }, 10);
    `;
    expect(await runScript(script)).toEqual({ output: 'running\n', errors: '' });
  });
});
