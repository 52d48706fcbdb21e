/** Tests the memory of long trainings on the native engine. */
import { describeNative } from '../support/engines.ts';
import { testMemoryOn } from '../support/memory-tests.ts';

await describeNative('training long on TensorFlow', () => testMemoryOn('native'));
