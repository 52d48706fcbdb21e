import { describeNative, full } from '../support/engines.ts';
import { testNetworksOn } from './systems-tests.ts';

await describeNative('systems of the field on the native engine', () => testNetworksOn('native'), full);
