import { describe } from 'vitest';
import { PortableSession } from '../../runtime/session/portable.ts';
import { portableTensorFlow } from '../support/engines.ts';
import { testDiscriminatorOn, testLayersOn, testTrainingOn } from './parity-tests.ts';

const tf = await portableTensorFlow();
describe('parity with the official code on the portable engine', () => {
  const open = (program: ConstructorParameters<typeof PortableSession>[1]) =>
    new PortableSession(tf, program);
  testLayersOn(open);
  testDiscriminatorOn(open);
  testTrainingOn(open);
});
