/** Tests optimizers on the portable engine. */
import { describe } from 'vitest';
import { PortableSession } from '../../runtime/session/portable.ts';
import { portableTensorFlow } from '../support/engines.ts';
import { testOptimizersOn } from '../support/optimizer-tests.ts';

const tf = await portableTensorFlow();

describe('optimizers on WebAssembly', () => {
  testOptimizersOn((program) => Promise.resolve(new PortableSession(tf, program)));
});
