import { NativeSession } from '../../runtime/session/native.ts';
import { describeNative } from '../support/engines.ts';
import { testDiscriminatorOn, testLayersOn, testTrainingOn } from './parity-tests.ts';

await describeNative('parity with the official code on the native engine', (tf) => {
  const open = (program: ConstructorParameters<typeof NativeSession>[1]) => new NativeSession(tf, program);
  testLayersOn(open);
  testDiscriminatorOn(open);
  testTrainingOn(open);
});
