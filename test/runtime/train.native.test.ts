/** Tests training on the native engine. */
import { describeNative } from '../support/engines.ts';
import { testTrainingOn } from '../support/training-tests.ts';

await describeNative('training on TensorFlow', () => testTrainingOn('native'));
