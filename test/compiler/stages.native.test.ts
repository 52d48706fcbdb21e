/** Tests methods in stages on the native engine. */
import { NativeSession } from '../../runtime/session/native.ts';
import { describeNative, full } from '../support/engines.ts';
import { testStagesOn } from '../support/stage-tests.ts';

await describeNative(
  'methods in stages in TensorFlow',
  (tf) => testStagesOn((program) => NativeSession.open(tf, program)),
  full,
);
