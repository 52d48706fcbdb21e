/** Tests trainings with encoders, loaded networks and parts of batches on the native engine. */
import { describeNative, full } from '../support/engines.ts';
import { testStyleTrainingOn } from '../support/style-training-tests.ts';

await describeNative('training with styles on TensorFlow', () => testStyleTrainingOn('native'), full);
