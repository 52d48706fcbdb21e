import { describeNative } from '../support/engines.ts';
import { testLossesOn } from './losses-tests.ts';

await describeNative('losses of the field on the native engine', () => testLossesOn('native'));
