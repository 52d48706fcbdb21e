import { describeNative } from '../support/engines.ts';
import { testModelsOn } from '../support/model-tests.ts';

await describeNative('models on the native engine', () => testModelsOn('native'));
