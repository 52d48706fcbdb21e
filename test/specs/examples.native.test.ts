import { describeNative } from '../support/engines.ts';
import { testExamplesOn } from './examples-tests.ts';

await describeNative('experiments of the field on the native engine', () => testExamplesOn('native'));
