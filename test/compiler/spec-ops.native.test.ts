/** Runs the composite op tests on the native engine. */
import { NativeSession } from '../../runtime/session/native.ts';
import { describeNative } from '../support/engines.ts';
import { testSpecOpsOn } from '../support/spec-op-tests.ts';

await describeNative('spec ops in TensorFlow', (tf) => {
  testSpecOpsOn((program) => NativeSession.open(tf, program));
});
