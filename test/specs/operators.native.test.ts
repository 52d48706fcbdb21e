import { describeNative } from '../support/engines.ts';
import { testOperatorsOn } from './operators-tests.ts';

await describeNative('operators and statistics on the native engine', () => testOperatorsOn('native'));
