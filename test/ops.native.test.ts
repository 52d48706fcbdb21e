/** Tests that every op on the native engine, with and without our own kernels, agrees with the float64 reference. */
import { describe } from 'vitest';
import { hasKernels } from '../runtime/engine/load-binding.ts';
import { NativeSession } from '../runtime/session/native.ts';
import { describeNative, full } from './support/engines.ts';
import { testOpsOn } from './support/session-tests.ts';
import { withoutKernels } from '../compiler/lower/targets.ts';

await describeNative(
  "ops in TensorFlow's own kernels",
  (tf) => testOpsOn((program) => NativeSession.open(tf, program, withoutKernels), 'tensorflow'),
  full,
);

await describeNative('ops with kernels of our own', (tf) => {
  describe.skipIf(!hasKernels(tf))('where they are compiled', { tags: 'needs-compiler' }, () => {
    testOpsOn((program) => NativeSession.open(tf, program), 'kernels');
  });
});
