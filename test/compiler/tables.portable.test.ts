/** Tests patch tables on the portable engine. */
import { describe } from 'vitest';
import { PortableSession } from '../../runtime/session/portable.ts';
import { portableTensorFlow } from '../support/engines.ts';
import { testTablesOn } from '../support/table-tests.ts';

const tf = await portableTensorFlow();

describe('patch tables on WebAssembly', () => {
  testTablesOn((program) => Promise.resolve(new PortableSession(tf, program)));
});
