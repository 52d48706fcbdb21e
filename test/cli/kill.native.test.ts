/** Tests killing runs on the native engine; the portable one is killed more often. */
import { describeNative, full } from '../support/engines.ts';
import { testKillingOn } from '../support/kill-tests.ts';

await describeNative('runs on TensorFlow', () => testKillingOn('native', { runs: 2, kills: 4 }), full);
