import { describeNative, full } from '../support/engines.ts';
import { testWashoutOn } from './washout-tests.ts';

await describeNative(
  'what norms leave of a label, on the native engine',
  () => testWashoutOn('native'),
  full,
);
