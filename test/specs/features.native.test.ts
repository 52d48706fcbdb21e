import { describeNative } from '../support/engines.ts';
import { testFeaturesOn } from './features-tests.ts';

await describeNative('feature networks on the native engine', () => testFeaturesOn('native'));
