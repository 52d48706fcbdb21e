/** Runs the method tests on the portable engine. */
import { describe } from 'vitest';
import { PortableSession } from '../../runtime/session/portable.ts';
import { portableTensorFlow } from '../support/engines.ts';
import { testMethodsOn } from '../support/method-tests.ts';

const tf = await portableTensorFlow();

describe('methods on WebAssembly', () => {
  testMethodsOn((program) => Promise.resolve(new PortableSession(tf, program)));
});
