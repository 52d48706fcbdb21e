/** Runs the composite op tests on the portable engine. */
import { describe } from 'vitest';
import { PortableSession } from '../../runtime/session/portable.ts';
import { portableTensorFlow } from '../support/engines.ts';
import { testSpecOpsOn } from '../support/spec-op-tests.ts';

const tf = await portableTensorFlow();

describe('spec ops on WebAssembly', () => {
  testSpecOpsOn((program) => Promise.resolve(new PortableSession(tf, program)));
});
