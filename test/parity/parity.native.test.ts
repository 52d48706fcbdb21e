import { describeNative } from '../support/engines.ts';
import { testDiscriminatorOn, testEncodingOn, testLayersOn, testTrainingOn } from './parity-tests.ts';

await describeNative('parity with the official code on the native engine', () => {
  testLayersOn('native');
  testEncodingOn('native');
  testDiscriminatorOn('native');
  testTrainingOn('native');
});
