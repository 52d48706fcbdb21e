/** Helpers of the engine tests: a fixed convolution with its result, and scripts in separate processes. */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'vitest';
import type { PortableTensorFlow } from '../../runtime/engine/portable.ts';

const root = join(import.meta.dirname, '../..');

/** Gives the URL of an engine file, for an import in another process. */
export const engineUrl = (file: string): string => pathToFileURL(join(root, 'runtime/engine', file)).href;

const valueAt = (at: number) => Math.sin(at + 1);

/** Convolves a fixed image with a fixed filter on the current backend: [1,5,5,2] with [3,3,2,3]. */
export function convolve(tf: Pick<PortableTensorFlow, 'tidy' | 'tensor4d' | 'conv2d'>): number[] {
  const values = (count: number) => Array.from({ length: count }, (_, at) => valueAt(at));
  return tf.tidy(() => [
    ...tf
      .conv2d(tf.tensor4d(values(50), [1, 5, 5, 2]), tf.tensor4d(values(54), [3, 3, 2, 3]), 1, 'same')
      .dataSync(),
  ]);
}

/** Computes the same in float64, with zero padding. */
export function convolveByHand(): number[] {
  const image = (y: number, x: number, c: number) =>
    y < 0 || y > 4 || x < 0 || x > 4 ? 0 : valueAt((y * 5 + x) * 2 + c);
  const range = (count: number) => Array.from({ length: count }, (_, at) => at);
  const taps = range(18).map((at) => ({ dy: Math.floor(at / 6), dx: Math.floor(at / 2) % 3, c: at % 2 }));
  return range(75).map((at) => {
    const [y, x, out] = [Math.floor(at / 15), Math.floor(at / 3) % 5, at % 3];
    return taps.reduce(
      (sum, { dy, dx, c }, tap) => sum + image(y + dy - 1, x + dx - 1, c) * valueAt(tap * 3 + out),
      0,
    );
  });
}

/** Requires that two lists agree to four decimal places. */
export function expectClose(found: readonly number[], expected: readonly number[]): void {
  expect(found.length).toBe(expected.length);
  found.forEach((value, at) => expect(value).toBeCloseTo(expected[at]!, 4));
}

/** Runs JavaScript with top-level await in a process that can load TypeScript. Rejects if it fails. */
export function runScript(
  source: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<{ output: string; errors: string }> {
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', loader, '--input-type=module', '-e', source], {
      env: environment,
      cwd: root,
    });
    let [output, errors] = ['', ''];
    child.stdout.on('data', (part: Buffer) => (output += part.toString()));
    child.stderr.on('data', (part: Buffer) => (errors += part.toString()));
    child.on('close', (code) => (code === 0 ? resolve({ output, errors }) : reject(new Error(errors))));
  });
}
