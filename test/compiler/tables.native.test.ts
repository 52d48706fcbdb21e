/** Tests patch tables on the native engine. */
import { NativeSession } from '../../runtime/session/native.ts';
import { describeNative } from '../support/engines.ts';
import { testTablesOn } from '../support/table-tests.ts';

await describeNative('patch tables in TensorFlow', (tf) => {
  testTablesOn((program) => NativeSession.open(tf, program), { repeats: true });
});
