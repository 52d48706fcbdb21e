/** Answers for P3 on the native engine: every op in TensorFlow agrees with the float64 reference. */
import { NativeSession } from '../runtime/session/native.ts';
import { describeNative } from './support/engines.ts';
import { testOpsOn } from './support/session-tests.ts';

await describeNative('ops in TensorFlow', (tf) => {
  testOpsOn((program) => new NativeSession(tf, program));
});
