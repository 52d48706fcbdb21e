/** Tests that every op on the portable engine (WebAssembly) agrees with the float64 reference. */
import { describe } from 'vitest';
import { PortableSession } from '../runtime/session/portable.ts';
import { portableTensorFlow } from './support/engines.ts';
import { testOpsOn } from './support/session-tests.ts';

const tf = await portableTensorFlow();

describe('ops on WebAssembly', () => {
  testOpsOn((program) => Promise.resolve(new PortableSession(tf, program)), 'portable');
});
