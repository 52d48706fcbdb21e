import { describeNative } from '../support/engines.ts';
import { testIterationsOn } from './training-tests.ts';

await describeNative('trainings of the field on the native engine', () => testIterationsOn('native'));
