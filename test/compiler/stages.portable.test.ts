/** Tests methods in stages on the portable engine. */
import { describe } from 'vitest';
import { PortableSession } from '../../runtime/session/portable.ts';
import { portableTensorFlow } from '../support/engines.ts';
import { testStagesOn } from '../support/stage-tests.ts';

const tf = await portableTensorFlow();

describe('methods in stages on WebAssembly', () => {
  testStagesOn((program) => Promise.resolve(new PortableSession(tf, program)));
});
