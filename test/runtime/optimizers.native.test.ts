/** Tests optimizers on the native engine. */
import { NativeSession } from '../../runtime/session/native.ts';
import { describeNative } from '../support/engines.ts';
import { testOptimizersOn } from '../support/optimizer-tests.ts';

await describeNative('optimizers in TensorFlow', (tf) => {
  testOptimizersOn((program) => NativeSession.open(tf, program));
});
