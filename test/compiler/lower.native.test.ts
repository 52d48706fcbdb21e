/** Runs the method tests on the native engine. */
import { NativeSession } from '../../runtime/session/native.ts';
import { describeNative } from '../support/engines.ts';
import { testMethodsOn } from '../support/method-tests.ts';

await describeNative('methods in TensorFlow', (tf) => {
  testMethodsOn((program) => NativeSession.open(tf, program));
});
