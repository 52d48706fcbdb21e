/** Tests the portable engine, when it is chosen, and the doctor. */
import { SpadeworkError } from '../../dsl/errors.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { chooseEngine } from '../../runtime/engine/choose.ts';
import { doctor, type Check } from '../../runtime/engine/doctor.ts';
import { findNativeEngine } from '../../runtime/engine/install.ts';
import { loadPortable } from '../../runtime/engine/portable.ts';
import { renderDoctor } from '../../runtime/engine/render-doctor.ts';
import * as messages from '../../runtime/engine/messages.ts';
import { convolve, convolveByHand, engineUrl, expectClose, runScript } from './engine-support.ts';

const folder = mkdtempSync(join(tmpdir(), 'spadework-engine-'));
const absent = join(folder, 'absent');
afterAll(() => rmSync(folder, { recursive: true }));

describe('the portable engine', () => {
  it.each(['wasm', 'cpu'] as const)('convolves on %s', async (backend) => {
    const tf = await loadPortable(backend);
    expect(tf.getBackend()).toBe(backend);
    expectClose(convolve(tf), convolveByHand());
  });

  it.each(['wasm', 'cpu'])(
    'on %s writes nothing on its own and leaves no handler for errors',
    async (backend) => {
      const script = `
      const { loadPortable } = await import('${engineUrl('portable.ts')}');
      const tf = await loadPortable('${backend}');
      console.log(tf.add([1], [2]).dataSync()[0], process.listenerCount('uncaughtException'));
    `;
      expect(await runScript(script)).toEqual({ output: '3 0\n', errors: '' });
    },
  );
});

describe('the choice of an engine', () => {
  const without = { PATH: '', HOME: folder, SPADEWORK_CACHE: absent, SPADEWORK_LIBTENSORFLOW: absent };
  const because = messages.ownLibraryLacks(absent, ['everything: there is no such folder']);

  it('falls back to the portable engine with one line that says why and what to do', async () => {
    const lines: string[] = [];
    const engine = await chooseEngine('auto', (line) => lines.push(line), { environment: without });
    expect(engine).toMatchObject({ kind: 'portable', backend: 'wasm', note: messages.fallingBack(because) });
    expect(lines).toEqual([messages.fallingBack(because)]);
  });

  it('does not fall back where the native engine was asked for', async () => {
    const log = () => undefined;
    const byRequest = chooseEngine('native', log, { environment: without });
    await expect(byRequest).rejects.toThrow(SpadeworkError);
    const byVariable = chooseEngine('auto', log, { environment: { ...without, SPADEWORK_ENGINE: 'native' } });
    await expect(byVariable).rejects.toThrow(because.message);
  });

  it('takes the portable engine silently where it was asked for', async () => {
    const lines: string[] = [];
    const environment = { ...without, SPADEWORK_ENGINE: 'portable' };
    const engine = await chooseEngine('auto', (line) => lines.push(line), { environment });
    expect(engine.kind).toBe('portable');
    expect(engine.note).toBeUndefined();
    expect(lines).toEqual([]);
  });

  it('says so where SPADEWORK_ENGINE has another value', async () => {
    const lines: string[] = [];
    const environment = { ...without, SPADEWORK_ENGINE: 'cuda' };
    await chooseEngine('auto', (line) => lines.push(line), { environment });
    expect(lines).toEqual([messages.badEngineRequest('cuda'), messages.fallingBack(because)]);
  });
});

describe('the doctor', () => {
  it('finds what a bare machine lacks and gives a fix for each problem', async () => {
    const environment = {
      PATH: '',
      HOME: folder,
      SPADEWORK_CACHE: absent,
      PIP_INDEX_URL: 'http://127.0.0.1:1/',
    };
    const checks = await doctor({ environment, measure: false });
    const problems = checks.filter(({ status }) => status !== 'ok');
    expect(problems.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['C++ compiler', 'Download', 'Native engine']),
    );
    for (const { fix } of problems) expect(fix).toBeTruthy();
  });

  it('measures the engines that are there', async () => {
    const { kind } = await findNativeEngine();
    const speeds = (await doctor()).filter(({ name }) => name.endsWith('speed'));
    expect(speeds.map(({ name }) => name)).toEqual([
      ...(kind === 'ready' ? ['Native speed'] : []),
      'Portable speed',
    ]);
    for (const { value, status } of speeds) {
      expect(status).toBe('ok');
      expect(value).toMatch(/^\d+(\.\d+)? GFLOP\/s/);
    }
  });

  it('says so where an engine does not run', async () => {
    const environment = { ...process.env, NODE_OPTIONS: '--require /nowhere.cjs' };
    const checks = await doctor({ environment });
    expect(checks.at(-1)).toMatchObject({ name: 'Portable speed', status: 'fail' });
  });

  it('shows its findings as an aligned table with a fix below each problem', () => {
    const checks: Check[] = [
      { name: 'Node.js', value: '20.0.0', status: 'ok' },
      { name: 'Disk', value: 'full', status: 'warn', fix: 'free some space' },
    ];
    expect(renderDoctor(checks, { color: false })).toBe(
      ['ok    Node.js  20.0.0', 'warn  Disk     full', '               fix: free some space'].join('\n'),
    );
  });
});
