/** Tests memory on the native engine: during long trainings, and after loading. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import { f32 } from '../../compiler/ir/types.ts';
import { NativeSession } from '../../runtime/session/native.ts';
import { describeNative } from '../support/engines.ts';
import { testMemoryOn } from '../support/memory-tests.ts';
import { runAndRead } from '../../runtime/session/session.ts';

/** Megabytes of mapped files in memory, mostly libraries. */
function fileMegabytes(): number {
  const [, kilobytes] = /^RssFile:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))!;
  return Number(kilobytes) / 1e3;
}

await describeNative('memory on TensorFlow', (tf) => {
  testMemoryOn('native');

  it('lets go of what was read to load the library', { tags: 'needs-linux' }, async () => {
    const b = new GraphBuilder();
    const outputs = new Map([['y', b.tanh(b.input({ name: 'x', ...f32(2) }))]]);
    const session = await NativeSession.open(tf, {
      variables: [],
      methods: [{ name: 'm', outputs, writes: new Map() }],
    });
    // Needed code and constants are loaded again: the library works with a tenth of its 500 MB.
    expect([...(await runAndRead(session, 'm', { x: Float32Array.of(0, 100) })).get('y')!]).toEqual([0, 1]);
    expect(fileMegabytes()).toBeLessThan(200);
    await session.dispose();
  });
});
